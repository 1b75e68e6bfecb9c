package launch

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/source"
)

// Become says as which user the helper runs, where that is not the user who
// logged in. The zero value is the user who logged in.
type Become struct {
	Method   string // sudo (the default), su or doas
	User     string // empty is root
	Password string // empty: the method must not ask for one
	Program  string // the method's program, where it is not the one on PATH
	Flags    []string
}

// IsZero reports whether the helper runs as the user who logged in.
func (b Become) IsZero() bool { return b.Method == "" && b.User == "" }

// ErrBecome is in the chain of an error when the login worked and becoming
// another user did not.
var ErrBecome = errors.New("cannot become another user")

func (b Become) withDefaults() Become {
	if b.Method == "" {
		b.Method = "sudo"
	}
	if b.User == "" {
		b.User = "root"
	}
	if b.Program == "" {
		b.Program = b.Method
	}
	return b
}

// String returns the command that becomes the user, for people: without what it
// then runs.
func (b Become) String() string {
	if b.IsZero() {
		return ""
	}
	b.Password = "" // and no prompt
	p, err := b.plan()
	if err != nil {
		return b.Method
	}
	words := slices.DeleteFunc(p.argv, func(w string) bool { return w == becomeShell || w == "--" || w == "sh" || w == "-c" })
	return strings.Join(words, " ")
}

// becoming is one use of a become method.
type becoming struct {
	Become
	argv   []string // ends before the script
	prompt string   // what the method writes when it wants the password
	script string   // which a shell names in its messages
}

// plan returns the command that becomes the user.
func (b Become) plan() (becoming, error) {
	b = b.withDefaults()
	run := []string{"sh", "-c", becomeShell}
	switch b.Method {
	case "sudo":
		prompt := "[fleet-sudo-" + rand.Text() + "]"
		how := []string{"-n"}
		if b.Password != "" {
			how = []string{"-p", prompt}
		}
		argv := slices.Concat([]string{b.Program, "-H", "-S"}, how, []string{"-u", b.User}, b.Flags, []string{"--"}, run)
		return becoming{Become: b, argv: argv, prompt: prompt}, nil
	case "su":
		argv := append([]string{b.Program}, b.Flags...)
		return becoming{Become: b, argv: append(argv, "-s", "/bin/sh", "-c", becomeShell, b.User), prompt: "assword: "}, nil
	case "doas":
		if b.Password != "" {
			return becoming{}, source.Errorf(source.Pos{}, "become method doas cannot be given a password: it reads one from a terminal only").
				WithHint("let /etc/doas.conf permit the user with nopass, or use sudo")
		}
		argv := append([]string{b.Program, "-n", "-u", b.User}, b.Flags...)
		return becoming{Become: b, argv: append(argv, run...)}, nil
	}
	e := source.Errorf(source.Pos{}, "unknown become method %q", b.Method)
	e.Hint = source.DidYouMean(b.Method, []string{"doas", "su", "sudo"})
	if e.Hint == "" {
		e.Hint = "fleet knows sudo, su and doas"
	}
	return becoming{}, e
}

// refusals are what sudo, su and doas say when they refuse, and what to tell.
// %m is the method, %u the user.
var refusals = []struct{ says, msg, hint string }{
	{"a password is required", "%m wants a password", "give it with -K, or as ansible_become_password"},
	{"a terminal is required", "%m wants a password", "give it with -K, or as ansible_become_password"},
	{"Authorization required", "%m wants a password", "let /etc/doas.conf permit the user with nopass"},
	{"must have a tty", "%m wants a terminal", "remove \"requiretty\" from the sudoers file for this user"},
	{"is not in the sudoers file", "this user may not use %m", "add the user to the sudoers file, for example in the group sudo or wheel"},
	{"may not run sudo", "this user may not use %m", "add the user to the sudoers file, for example in the group sudo or wheel"},
	{"is not allowed to execute", "this user may not run everything as %u with %m", "let the sudoers file allow ALL commands: fleet starts its helper through sh"},
	{"Operation not permitted", "this user may not use %m", "permit the user in /etc/doas.conf"},
	{"unknown user", "there is no user %u", "check become_user"},
	{"does not exist", "there is no user %u", "check become_user"},
	{"Authentication failure", "wrong password for %m", "su wants the password of the user who is to be become, not that of the login"},
	{"incorrect password", "wrong password for %m", "check the password that -K or ansible_become_password gave"},
	{"no new privileges", "%m cannot work here: the \"no new privileges\" flag is set", "the host is a container that forbids sudo"},
	{"must be owned by uid 0", "%m is not set up right on the host", "reinstall it"},
	{"sudo: sh: command not found", "%m finds no sh", "check secure_path in the sudoers file"},
	{"exec: sh: Permission denied", "%m lets no program start another", "remove \"noexec\" from the sudoers file for this user"},
	{"not found", "%m is not installed", "install it, or choose another become_method"},
	{"No such file", "%m is not installed", "install it, or choose another become_method"},
}

// refused turns what the method wrote before it ended into an error.
func (b becoming) refused(stderr string, code int) error {
	stderr = strings.ReplaceAll(stderr, b.prompt, "")
	if b.script != "" {
		stderr = strings.ReplaceAll(stderr, b.script, "sh")
	}
	stderr = strings.TrimSpace(stderr)
	for _, r := range refusals {
		if i := strings.Index(stderr, r.says); i >= 0 {
			end := strings.IndexByte(stderr[i:]+"\n", '\n')
			stderr = stderr[:i+end] // its line is the last one now
			fill := strings.NewReplacer("%m", b.Method, "%u", fmt.Sprintf("%q", b.User))
			return b.error(fill.Replace(r.msg), r.hint, stderr)
		}
	}
	return b.error(fmt.Sprintf("%s failed with exit code %d", b.Method, code), "", stderr)
}

func (b becoming) error(msg, hint, stderr string) error {
	text := fmt.Sprintf("cannot become %s: %s", b.User, msg)
	if said := lastLine(stderr); said != "" && !strings.HasPrefix(msg, "wrong password") {
		text += fmt.Sprintf(" (%s)", said)
	}
	return &source.Error{Msg: text, Hint: hint, Err: ErrBecome}
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
