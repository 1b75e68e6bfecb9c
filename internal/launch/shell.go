package launch

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// guard ends the shell that it stands in, with all of its process group, when its
// standard input ends before: the controller has gone, or wants no more. It is no child
// of the shell, for what that turns into may wait for all of its own. Two seconds later
// it kills what did not take SIGTERM.
const guard = `exec 3<&0 </dev/null; ` +
	`( { trap "" TERM; read -r x; kill -0 $$ && { kill -s TERM 0; sleep 2; kill -s KILL 0; }; } <&3 3<&- >/dev/null 2>&1 & ); ` +
	`exec 3<&-; `

// shellScript runs the command line %s, written by quoted, behind the guard, and says
// "go" before, so that what a login prints is told from the command's own.
const shellScript = `printf "\000\036fleet go \n"; ` + guard + `eval %s`

// Shell runs a command line with sh, without a helper, as the user who logged in, and
// returns its exit code. Where ctx or the connection ends, the command and what it has
// started are ended on the machine, as a helper would end them. Its standard input is
// empty. A nil writer drops.
func Shell(ctx context.Context, r Runner, line string, stdout, stderr io.Writer) (int, error) {
	l, err := begin(ctx, r, "", fmt.Sprintf(shellScript, quoted(line)), Become{}, Options{})
	if err != nil {
		return -1, err
	}
	if err := l.begun(ctx); err != nil {
		return -1, err
	}
	defer l.transport.CloseWrite() // the guard of a command that has ended goes
	over := make(chan struct{})
	defer close(over)
	defer context.AfterFunc(ctx, func() { l.transport.stop(over) })()
	return l.transport.exec(ctx, stdout, stderr)
}

// stopWait is how long the guard has to end the command.
const stopWait = 3 * time.Second

// stop has the guard end the command, or else ends it from here. Its output counts:
// what has left the command's process group may hold that open for ever.
func (t *transport) stop(over <-chan struct{}) {
	_ = t.CloseWrite() // an error says that it has ended
	select {
	case <-over:
	case <-time.After(stopWait):
		t.p.Kill()
	}
}

// plain are the marks that no shell looks at, in quotes of either kind.
const plain = " /.,:;=_-+@%^~#&|*?()[]{}<>"

// quoted writes a line as a word of sh, in letters that every login shell leaves
// alone between single quotes.
func quoted(line string) string {
	simple := strings.IndexFunc(line, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(plain, c)
	}) < 0
	if simple {
		return `"` + line + `"`
	}
	return fmt.Sprintf(`"$(printf %%b "%s")"`, octal(line))
}
