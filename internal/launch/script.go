package launch

import (
	"fmt"
	"slices"
	"strings"

	"fleet/internal/helper"
)

// The scripts below stand in single quotes of whatever the login shell is: sh,
// csh or fish. So they are one line and have no single quote, no exclamation
// mark and no doubled backslash; a test keeps that.

// startScript starts a cached helper that fits, after saying "found", or asks for one
// ("need SYSTEM MACHINE", and zstd where the host has it), reads how many pieces of
// how many bytes come, how many bytes behind them, and the program that unpacks
// them; says "more" after each piece, unpacks them in the first folder that can be
// written, and starts the helper, which puts itself in place; or says why it cannot
// ("failed REASONS", and on standard error what the system said), or that what it reads
// is out of step ("cut"). A signal leaves no part of a helper; SIGPIPE is one, where the
// shell reports what SIGTERM did to its children. $1 is LC_ALL as the helper shall see
// it, $2 the folder of another user's helpers, of which one may be copied instead, once
// its digest is known to be right.
//
// What came over the connection is whole where it could be unpacked: SSH and the
// packed form have checksums, and a full disk makes the unpacking fail.
//
// The usual case, that the helper lies in the home folder, is quick's. Behind it comes
// what starts no other program: each would cost as much of the host as a task. That
// goes for all else here too: each program is there because no shell can do it.
const startScript = `if [ -n "$1" ]; then LC_ALL=$1; elif [ "$2" ]; then unset LC_ALL; fi; ` +
	`k() { case "$1" in %[1]s *) d=none z=0 y=;; esac; }; ` +
	`g() { [ -x "$f" ] && [ -O "$f" ] && [ -O "$c" ] && %[2]s; }; ` +
	`s() { for x in $d $y; do f="$c/fleet-target-$x"; if g; then printf "\000\036fleet found \n"; exec "$f" ` + helper.Verb + `; fi; done; }; ` +
	`m=; h="${XDG_CACHE_HOME:-$HOME/.cache}/fleet"; ` +
	`if [ -r /proc/sys/kernel/arch ]; then read -r m </proc/sys/kernel/arch; fi; ` +
	`p="Linux $m"; k "$p"; if [ $d = none ]; then p=$(uname -sm); k "$p"; fi; ` +
	`c=$h; s; u=; for c in /var/tmp/fleet-* /dev/shm/fleet-*; do if [ -O "$c" ]; then u=${u:-$(id -u)}; ` +
	`case "$c" in */fleet-"$u") s;; esac; fi; done; ` +
	`q=; trap "rm -f \"\$t\"; exit 143" HUP PIPE TERM; if command -v zstd >/dev/null 2>&1; then q=zstd; fi; w=; ` +
	`for c in "$h" /var/tmp/fleet- /dev/shm/fleet-; do case "$c" in */fleet-) c=$c$(id -u);; esac; ` +
	`f="$c/fleet-target-$d"; t="$c/.fleet-target-$$"; w="$w$c: "; ` +
	`{ e=$(exec 2>&1; umask 077; LC_ALL=C; export LC_ALL; ` + fetchScript + `); } 3>&1 || { rm -f "$t"; w="$w$e; "; continue; }; ` +
	`"$t" ` + helper.Verb + ` --install "$t" "$f"; r=$?; ` +
	`case $r in 75|126|127) rm -f "$t"; w="${w}cannot run programs; ";; *) exit $r;; esac; done; ` +
	`printf "\000\036fleet failed %%s\n" "$(printf %%s "$w" | tr "\n" " ")"`

// fetchScript makes the folder $c, in which nobody else can change anything from then on,
// and in it the helper $t. It prints what went wrong.
const fetchScript = `o=; if [ -d "$c" ]; then o=y; fi; mkdir -p -m 700 "$c" || exit 1; ` +
	`if [ -h "$c" ]; then echo is a link; exit 1; fi; ` +
	`if [ -O "$c" ]; then :; else echo belongs to someone else; exit 1; fi; ` +
	`if [ "$o" ]; then chmod 700 "$c" || exit 1; fi; ` +
	`if [ -e "$t" ]; then rm -f "$t"; fi; ` +
	`if [ -r "$2/fleet-target-$d" ] && command -v sha256sum >/dev/null; then cp "$2/fleet-target-$d" "$t" 2>/dev/null; ` +
	`case "$(sha256sum <"$t")" in ("$d "*) ;; (*) rm -f "$t";; esac; fi; ` +
	`if [ -f "$t" ]; then :; else printf "\000\036fleet need %%s\n" "$p $q" >&3; read -r n b r q || exit 1; ` +
	`{ ` + piecesScript + `; } | ` +
	`{ "$q" -dc >"$t" || { cat >/dev/null; exit 1; }; } || exit 1; fi; chmod 700 "$t"`

// piecesScript copies $n pieces of $b bytes, and $r bytes more, and says "more" after
// each piece. perl does that as one program, where a shell starts head for each piece:
// a twelfth of a host's work at the first contact. It exits with 7 when it has done
// it, and with 9 where something went wrong on the way. Where someone has ended it by
// a signal, nobody knows how much it has read, and no other program can go on. Any other
// exit code is that of a perl that is missing, broken or not perl, and has read nothing.
const piecesScript = `perl -e "` +
	`(\$n, \$b, \$r) = @ARGV; open MORE, q(>&=3) or exit 2; ` +
	`for (0..\$n) { \$left = \$_ < \$n ? \$b : \$r; ` +
	`while (\$left) { \$got = sysread STDIN, \$data, \$left or exit 9; \$left -= \$got; ` +
	`for (\$at = 0; \$at < \$got; \$at += \$put) { \$put = syswrite STDOUT, \$data, \$got - \$at, \$at or exit 9; } } ` +
	`if (\$_ < \$n) { syswrite MORE, qq(\000\036fleet more \n) or exit 9; } } exit 7` +
	`" "$n" "$b" "$r" 2>/dev/null; case $? in 7) ;; ` +
	`9|129|130|137|143) printf "\000\036fleet cut \n" >&3;; ` +
	`*) while [ "$n" -gt 0 ]; do head -c "$b"; printf "\000\036fleet more \n" >&3; n=$((n-1)); done; head -c "$r";; esac`

// machines are the names that uname -m has for architectures of Go.
var machines = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// systems are the names that uname -s has for systems of Go.
var systems = map[string]string{"linux": "Linux", "darwin": "Darwin"}

// platform returns what uname -sm prints for a helper's machine.
func platform(h helper.Helper) string {
	system, machine := systems[h.OS], machines[h.Arch]
	if h.OS == "darwin" && h.Arch == "arm64" {
		machine = "arm64"
	}
	return system + " " + machine
}

// interpreters are files that a machine with programs of an architecture has, almost
// always; and one that is not of this architecture has not.
var interpreters = map[string]string{"amd64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}

// quick returns commands that start a cached helper where all is as usual, and do
// nothing otherwise. Every login shell has them built in (csh has them as programs),
// so that not even sh is started. A home that machines of several kinds share may
// hold helpers for all of them: a shell would take a foreign one for a script.
func quick(helpers []helper.Helper, whole bool) string {
	var b strings.Builder
	for _, lean := range []bool{true, false} {
		for _, h := range helpers {
			sign := interpreters[h.Arch]
			if h.Lean != lean || h.OS != "linux" || sign == "" || lean && whole {
				continue
			}
			const folder = "~/.cache/fleet"
			file := folder + "/fleet-target-" + h.Digest
			fmt.Fprintf(&b, `test -e %[1]s -a -x %[2]s -a -O %[2]s -a -O %[3]s && printf "\000\036fleet found \n" && exec %[2]s %[4]s; `,
				sign, file, folder, helper.Verb)
		}
	}
	return b.String()
}

// What g of startScript asks of a helper besides its owner. A helper that a crash
// of the machine has damaged does not start: then it is read through, and its size
// is looked at where the host has no sha256sum.
const (
	asItIs = `:`
	sound  = `case "$(sha256sum <"$f" 2>/dev/null)" in "$x "*) ;; "") [ "$(wc -c <"$f")" -eq "$z" ];; *) false;; esac`
)

// start returns the script for a machine that may be any of the helpers': for the
// whole one, or for the lean one where either will do. fits is asItIs or sound.
func start(helpers []helper.Helper, whole bool, fits string) string {
	var cases strings.Builder
	for _, h := range helpers {
		other := ""
		switch i := slices.IndexFunc(helpers, func(o helper.Helper) bool { return o.OS == h.OS && o.Arch == h.Arch && o.Lean != h.Lean }); {
		case i < 0:
		case whole == h.Lean:
			continue // the other one is pushed
		case h.Lean && fits == asItIs:
			other = helpers[i].Digest
		}
		fmt.Fprintf(&cases, `"%s") d=%s z=%d y=%s;; `, platform(h), h.Digest, h.Size, other)
	}
	return fmt.Sprintf(startScript, strings.TrimSpace(cases.String()), fits)
}

// becomeScript runs the script $1 through the become command that follows and
// ends in becomeShell. It keeps the method's messages in English and tells the
// script which LC_ALL to restore and where this user's helper lies.
const becomeScript = `i=$1; shift; l=${LC_ALL:-}; c="${XDG_CACHE_HOME:-$HOME/.cache}/fleet"; ` +
	`LC_ALL=C; export LC_ALL; exec "$@" "$i" "$l" "$c"`

// becomeShell is the command of a shell that the become method runs: it takes the
// script and its two arguments as arguments of its own, so that su, which has
// room for one command only, needs no more quoting than sudo.
const becomeShell = `exec sh -c "$0" sh "$1" "$2"`

// shell returns a command line that runs the script with the arguments, for any
// login shell.
func shell(script string, args ...string) (string, error) {
	line := "exec sh -c '" + script + "' sh"
	for _, a := range args {
		if strings.ContainsAny(a, "'!\n\x00") || strings.Contains(a, `\\`) || strings.HasSuffix(a, `\`) {
			return "", fmt.Errorf("%q has a character that cannot stand in a command line", a)
		}
		line += " '" + a + "'"
	}
	return line, nil
}
