// Command processes prints each command line that it sees on a Linux machine once, until it is killed. It looks some
// hundred times a second, so that it sees programs that run for some milliseconds only.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	seen := map[string]bool{}
	for ; ; time.Sleep(2 * time.Millisecond) {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil { // the process has ended
				continue
			}
			line := string(bytes.ReplaceAll(text, []byte{0}, []byte{' '}))
			if !seen[line] {
				seen[line] = true
				fmt.Println(line)
			}
		}
	}
}
