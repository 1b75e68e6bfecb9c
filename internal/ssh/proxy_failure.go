package ssh

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"
)

// proxyWait is how long a ProxyCommand that has closed its output has to end.
const proxyWait = 1500 * time.Millisecond

// failure says how the command failed: its name, exit code and last line, and
// nothing of its arguments, which may hold a password. It returns "" where the
// command did not fail.
func (c *commandConn) failure() string {
	select {
	case <-c.ended:
	case <-time.After(proxyWait):
		return ""
	}
	state := c.cmd.ProcessState
	if state == nil || state.Success() {
		return ""
	}
	how := fmt.Sprintf("ended with exit code %d", state.ExitCode())
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		how = fmt.Sprintf("was ended by the signal %s", status.Signal())
	}
	if last := masked(c.said.lastLine(), c.line); last != "" {
		how += ": " + last
	}
	return fmt.Sprintf("the ProxyCommand %q %s", programOf(c.line), how)
}

// programOf returns the name of a command line's program.
func programOf(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 {
		return ""
	}
	name, _, _ := strings.Cut(words[0], "=") // what stands behind it may be secret
	return filepath.Base(strings.Trim(name, `"'`))
}

// masked returns what a command said without the values of those of its
// arguments that look secret.
func masked(said, line string) string {
	secretFlag := regexp.MustCompile(`(?i)(pass|pw|secret|token|auth|key|credential)`)
	login := regexp.MustCompile(`[^\s/:@]+:([^\s/@]+)@`)
	var secrets []string
	words := strings.Fields(strings.NewReplacer(`"`, " ", `'`, " ").Replace(line))
	for i, word := range words {
		name, value, given := strings.Cut(word, "=")
		switch {
		case !secretFlag.MatchString(name):
		case given:
			secrets = append(secrets, value)
		case strings.HasPrefix(word, "-") && i+1 < len(words):
			secrets = append(secrets, words[i+1])
		}
		for _, m := range login.FindAllStringSubmatch(word, -1) {
			secrets = append(secrets, m[1])
		}
	}
	for _, secret := range secrets {
		if len(secret) > 2 && secret != "yes" {
			said = strings.ReplaceAll(said, secret, "********")
		}
	}
	return said
}

// tail keeps the end of what a command writes. The zero value is empty.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// maxTail bounds what is kept, in bytes.
const maxTail = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p[max(0, len(p)-maxTail):]...)
	t.kept = append(t.kept[:0], t.kept[max(0, len(t.kept)-maxTail):]...)
	return len(p), nil
}

// lastLine returns the last line that is not empty, without what would change
// the terminal, at most 300 bytes of it.
func (t *tail) lastLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(strings.ToValidUTF8(string(t.kept), "\uFFFD"))
	line := strings.TrimSpace(text[strings.LastIndexAny(text, "\r\n")+1:])
	line = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, line)
	if len(line) > 300 {
		line = strings.ToValidUTF8(line[:300], "") + "…"
	}
	return line
}
