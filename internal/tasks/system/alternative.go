package system

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// alternative is what update-alternatives says of a common name.
type alternative struct {
	link    string
	manual  bool // somebody has chosen, not the system
	current string
	links   map[string]string // of the names that go with it
	choices map[string]*choice
}

// choice is a program that the name can stand for.
type choice struct {
	priority int
	slaves   map[string]string // what other names stand for with it
}

// The lines of `update-alternatives --display`, in Debian's and Red Hat's words.
var alternativeLines = sync.OnceValue(func() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"status":  regexp.MustCompile(`^\S+ - (?:status is )?(auto|manual)`),
		"current": regexp.MustCompile(`^\s*link currently points to (.+)$`),
		"link":    regexp.MustCompile(`^\s+link (\S+) is (.+)$`),
		"slave":   regexp.MustCompile(`^\s+(?:slave|follower) (\S+) is (.+)$`),
		"choice":  regexp.MustCompile(`^(/.*) - (?:family \S+ )?priority (-?\d+)`),
		"with":    regexp.MustCompile(`^\s+(?:slave|follower) (\S+): (.+)$`),
	}
})

func parseAlternative(text string) *alternative {
	a := &alternative{links: map[string]string{}, choices: map[string]*choice{}}
	var last *choice
	for _, line := range strings.Split(text, "\n") {
		for kind, re := range alternativeLines() {
			f := re.FindStringSubmatch(line)
			if f == nil {
				continue
			}
			switch kind {
			case "status":
				a.manual = f[1] == "manual"
			case "current":
				a.current = f[1]
			case "link":
				a.link = f[2]
			case "slave":
				a.links[f[1]] = f[2]
			case "choice":
				last = &choice{slaves: map[string]string{}}
				last.priority, _ = strconv.Atoi(f[2])
				a.choices[f[1]] = last
			case "with":
				if last != nil {
					last.slaves[f[1]] = f[2]
				}
			}
		}
	}
	return a
}
