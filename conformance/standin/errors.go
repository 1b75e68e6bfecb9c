package standin

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// complaints lays out what fleet writes to standard error as Ansible's commands
// do: "ERROR! what" with the place behind it, "[WARNING]: what". What -vvvv says of
// connections goes to standard output. All else passes as it is, and a line that is
// not whole (a question) at once.
type complaints struct {
	to   io.Writer
	log  io.Writer // standard output
	line []byte
}

var prefixes = []string{"fleet: ", "warning: ", "debug: "}

func (c *complaints) Write(p []byte) (int, error) {
	c.line = append(c.line, p...)
	for {
		end := bytes.IndexByte(c.line, '\n')
		if end < 0 {
			break
		}
		to := c.to
		if bytes.HasPrefix(c.line, []byte(prefixes[2])) && c.log != nil {
			to = c.log
		}
		if _, err := io.WriteString(to, complaint(string(c.line[:end]))+"\n"); err != nil {
			return 0, err
		}
		c.line = c.line[end+1:]
	}
	for _, prefix := range prefixes {
		if n := min(len(prefix), len(c.line)); string(c.line[:n]) == prefix[:n] {
			return len(p), nil
		}
	}
	_, err := c.to.Write(c.line)
	c.line = nil
	return len(p), err
}

var place = regexp.MustCompile(`^(\S[^:]*):(\d+):(\d+): `)

func complaint(line string) string {
	for i, word := range []string{"ERROR! ", "[WARNING]: "} {
		what, found := strings.CutPrefix(line, prefixes[i])
		if !found {
			continue
		}
		if at := place.FindStringSubmatch(what); at != nil {
			return fmt.Sprintf("%s%s\n\nThe error appears to be in '%s': line %s, column %s", word, what[len(at[0]):], absolute(at[1]), at[2], at[3])
		}
		return word + what
	}
	return line
}
