package packages

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"fleet/internal/tasks/sys"
)

// failed explains why the package manager did not do what it was told to.
func (r *rpmRun) failed(ctx context.Context, argv []string, out sys.Output) error {
	said := readRPMWords(out)
	if len(said.sentences) == 0 {
		return &sys.ExitError{Argv: argv, Output: out}
	}
	if said.hint == "" && len(said.unknown) == 1 {
		if like := likeName(said.unknown[0], r.knownNames(ctx)); like != "" {
			said.hint = fmt.Sprintf("did you mean %q?", like)
		}
	}
	if !said.own {
		r.res.Stdout, r.res.Stderr = "", "" // they say the same
	}
	text := argv[0] + ": " + strings.Join(said.sentences, "; ")
	if said.hint != "" {
		text += "\nhint: " + said.hint
	}
	return errors.New(text)
}

// knownNames returns all packages of the repositories, as far as dnf knows them
// without asking the repositories again.
func (r *rpmRun) knownNames(ctx context.Context) []string {
	out, err := r.m.Run(ctx, sys.Command{Env: []string{"LC_ALL=C"},
		Argv: []string{r.program, "-q", "--cacheonly", "repoquery", "--available", "--qf", "%{name}"}})
	if err != nil || out.Code != 0 {
		return nil
	}
	return strings.Fields(out.Stdout)
}

// rpmWords is what dnf or yum said on its failure, in fleet's words.
type rpmWords struct {
	sentences []string
	hint      string
	unknown   []string // packages that no repository has

	download string // why the last download failed
	problem  bool   // that lines below "Problem:", or below "Transaction test error:", come
	key      string // where the key of a repository is fetched from
	unsigned string // the package whose signature is not good
	own      bool   // that some of it is in dnf's own words
}

// rpmWord is a line that dnf or yum writes, and what is made of it.
type rpmWord struct {
	pattern *regexp.Regexp
	read    func(w *rpmWords, match []string)
}

func word(pattern string, read func(w *rpmWords, match []string)) rpmWord {
	return rpmWord{regexp.MustCompile(pattern), read}
}

const listRepositories = "dnf repolist --all names those that there are"

// rpmWordList is what dnf 4 says, and yum 3 where it says something else. The
// first that fits a line reads it.
var rpmWordList = sync.OnceValue(func() []rpmWord {
	return []rpmWord{
		word(`^No package (.+) available\.$`, unknownPackage),
		word(`^No match for argument: (.+)$`, unknownPackage),
		word(`^All matches were filtered out by exclude filtering for argument: (.+)$`, func(w *rpmWords, m []string) {
			w.say("package %q is excluded: by the argument exclude, or by the configuration of its repository", m[1])
		}),
		word(`^All matches were filtered out by modular filtering for argument: (.+)$`, func(w *rpmWords, m []string) {
			w.say("package %q belongs to a module whose stream is not enabled", m[1])
			w.hint = "dnf module list says which streams there are"
		}),
		word(`^Module or Group '(.+)' is not available\.$`, func(w *rpmWords, m []string) {
			w.say("no group %q in the machine's repositories", m[1])
			w.hint = "dnf group list --hidden says which there are"
		}),
		word(`^Error: Unknown repo: '(.+)'$`, func(w *rpmWords, m []string) {
			w.say("no repository %q on this machine", m[1])
			w.hint = listRepositories
		}),
		word(`^(?:- )?Curl error \(\d+\): .* for (\S+)(?: \[(.+)\])?$`, func(w *rpmWords, m []string) { w.download = m[1] + ": " + m[2] }),
		word(`^(?:- )?Status code: (\d+) for (\S+)`, func(w *rpmWords, m []string) {
			w.download = m[2] + ": the server answers " + m[1]
			if m[2] == w.key {
				w.say("the key of the repository cannot be fetched: %s", w.download)
				w.hint = "gpgkey of the repository says where its key is"
			}
		}),
		word(`^Error: Failed to download metadata for repo '(.+?)': (.*)$`, unreadableRepository),
		word(`^retrieving repo key for \S+ unencrypted from (\S+)$`, func(w *rpmWords, m []string) { w.key = m[1] }),
		word(`^Public key for (\S+) is not installed(?:\. Failing package is: (\S+))?$`, func(w *rpmWords, m []string) {
			if w.unsigned = m[2]; w.unsigned == "" {
				w.say("package %s is signed by a key that rpm does not have, and no repository names it", m[1])
				w.hint = "say where the key is by gpgkey in the repository, or import it by the module rpm_key"
			}
		}),
		word(`^Check that the correct key URLs are configured .*Failing package is: (\S+)$`, func(w *rpmWords, m []string) { w.unsigned = m[1] }),
		word(`^GPG Keys are configured as: (.+)$`, func(w *rpmWords, m []string) {
			w.say("package %s is not signed by the key of its repository: %s", w.unsigned, m[1])
			w.hint = "the repository gives out what another has signed, or its gpgkey is wrong: do not install from it before you know"
		}),
		word(`^(?:Error: )?Package (\S+) is not signed$`, func(w *rpmWords, m []string) { w.say("package %s is not signed", m[1]) }),
		word(`^(?:Error: )?(?:Problem(?: \d+)?: )(.+)$`, func(w *rpmWords, m []string) {
			w.problem = true
			problemLine(w, m[1])
		}),
		word(`^- (.+)$`, func(w *rpmWords, m []string) { problemLine(w, m[1]) }),
		word(`^Error: Transaction (?:test|check) error:$`, func(w *rpmWords, _ []string) { w.problem, w.own = true, true }),
		word(`^((?:file|package|installing package) .+)$`, func(w *rpmWords, m []string) { problemLine(w, m[1]) }),
		// What the lines before it have said already.
		word(`^Error:( Nothing to do\.?| Unable to find a match: .*| GPG check FAILED)?$`, func(w *rpmWords, m []string) {
			if m[1] == " GPG check FAILED" && len(w.sentences) == 0 {
				w.say("the signature of a package is not good")
			}
		}),
		word(`^(?:Error: This command has to be run with superuser privileges|You need to be root to perform this command)`, func(w *rpmWords, _ []string) {
			w.say("only root may do this")
			w.hint = "become: true runs the task as root"
		}),
		word(`^Error: Transaction failed$`, func(w *rpmWords, _ []string) {
			w.own = true
			if len(w.sentences) == 0 {
				w.say("the packages were not installed, updated or removed as a whole")
			}
		}),
		word(`^Error in (\S+) scriptlet in rpm package (\S+)$`, func(w *rpmWords, m []string) {
			w.own = true
			w.say("the script %s of package %s failed", strings.ToLower(m[1]), m[2])
		}),
		word(`^Config error: (.+)$`, func(w *rpmWords, m []string) { w.say("%s", m[1]) }),
		word(`^Error: (.+)$`, func(w *rpmWords, m []string) {
			w.own = true
			w.say("%s", m[1])
		}),
	}
})

func unknownPackage(w *rpmWords, m []string) {
	w.unknown = append(w.unknown, m[1])
	w.say("no package %q in the machine's repositories", m[1])
}

func unreadableRepository(w *rpmWords, m []string) {
	if strings.Contains(m[2], "GPG signature is not available") {
		w.say("the metadata of repository %q has no signature, which repo_gpgcheck asks for: %s", m[1], w.download)
		return
	}
	reason := w.download
	if reason == "" {
		reason = m[2]
	}
	w.say("repository %q cannot be read: %s", m[1], reason)
	w.hint = "its baseurl or mirrorlist says where it is; " + listRepositories
}

// problemLine is a line below "Problem:", or below "Transaction test error:".
func problemLine(w *rpmWords, text string) {
	if w.problem && text != "conflicting requests" {
		w.say("%s", text)
	}
}

func (w *rpmWords) say(format string, args ...any) {
	sentence := fmt.Sprintf(format, args...)
	for _, before := range w.sentences {
		if before == sentence {
			return
		}
	}
	w.sentences = append(w.sentences, sentence)
}

func readRPMWords(out sys.Output) rpmWords {
	var w rpmWords
	for line := range strings.Lines(out.Stdout + "\n" + out.Stderr) {
		line = strings.TrimSpace(line)
		for _, known := range rpmWordList() {
			if match := known.pattern.FindStringSubmatch(line); match != nil {
				known.read(&w, match)
				break
			}
		}
	}
	return w
}

// nevra is a package with its version, release and architecture.
var nevra = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\S+-[^-\s]+-[^-\s]+\.[a-z0-9_]+$`)
})

// transaction reads from the end of dnf's words what it has done, a sentence a
// package. yum's words, which name packages otherwise, give nothing.
func transaction(stdout string) []string {
	var done []string
	verb := ""
	for line := range strings.Lines(stdout) {
		switch trimmed := strings.TrimSpace(line); {
		case trimmed == "":
			verb = ""
		case !strings.HasPrefix(line, " ") && strings.HasSuffix(trimmed, "ed:"):
			verb = trimmed
		case verb != "":
			for _, name := range strings.Fields(trimmed) {
				if nevra().MatchString(name) {
					done = append(done, verb+" "+name)
				}
			}
		}
	}
	return done
}
