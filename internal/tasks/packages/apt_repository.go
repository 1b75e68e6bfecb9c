package packages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// AptRepository adds or removes a line of apt's sources, and fetches the package
// lists when it has changed something. If that fails, the files are put back as
// they were. Personal package archives ("ppa:...") are not supported: their
// keys would have to be asked for at Launchpad.
//
// Example:
//
//	tasks:
//	  - name: Packages of the newest release
//	    apt_repository:
//	      repo: deb http://mirror.example.org/debian bookworm-backports main
//	      filename: backports
var AptRepository = sys.Define(spec.Module{
	Name:  "apt_repository",
	Names: []string{"ansible.builtin.apt_repository", "ansible.legacy.apt_repository"},
}, aptRepository)

type aptRepositoryArgs struct {
	// The line, as it stands in a *.list file.
	Repo string `arg:"repo,required"`
	// Whether the line should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The name of the file in sources.list.d, without ".list". The default is made
	// of the repository's address.
	Filename string `arg:"filename"`
	// Taken and not used, as the next two: they are for personal package archives.
	Codename string `arg:"codename"`
	// Whether the certificate of the server of such an archive is checked.
	ValidateCerts bool `arg:"validate_certs" default:"true"`
	// Whether Python's bindings of apt are installed, which fleet does not need.
	InstallPythonApt bool `arg:"install_python_apt" default:"true"`
	// The permissions of a new file, as octal digits in quotes.
	Mode any `arg:"mode" form:"mode"`
	// Fetch the package lists when the sources have changed.
	UpdateCache bool `arg:"update_cache" alias:"update-cache" default:"true"`
	// How often fetching the lists is tried again where the network fails.
	UpdateCacheRetries int `arg:"update_cache_retries" default:"5"`
	// The longest pause in seconds between two tries; it doubles each time.
	UpdateCacheRetryMaxDelay int `arg:"update_cache_retry_max_delay" default:"12"`
}

type aptRepositoryResult struct {
	// The line that was asked for.
	Repo string `json:"repo"`
	// What was asked for.
	State string `json:"state"`
	// The files that got the line.
	SourcesAdded []string `json:"sources_added"`
	// The files that were removed because nothing was left in them.
	SourcesRemoved []string `json:"sources_removed"`
	// Given only where the files were put back: then nothing has changed.
	Changed *bool `json:"changed,omitempty"`
}

func aptRepository(ctx context.Context, m *sys.Machine, a *aptRepositoryArgs) (any, error) {
	res := &aptRepositoryResult{Repo: a.Repo, State: a.State, SourcesAdded: []string{}, SourcesRemoved: []string{}}
	if strings.HasPrefix(strings.TrimSpace(a.Repo), "ppa:") {
		return res, fmt.Errorf("repo %q is a personal package archive, which is not supported; give its deb line and its key", a.Repo)
	}
	source, ok := parseSource(a.Repo)
	if !ok {
		return res, fmt.Errorf("repo %q is no line of apt's sources; want: deb [options] address suite components", a.Repo)
	}
	old, err := readSources(m)
	if err != nil {
		return res, err
	}
	edits := sourceEdits(old, source, a)
	for _, path := range slices.Sorted(maps.Keys(edits)) {
		text := edits[path]
		_, was := old[path]
		switch {
		case text == "" && path != sourcesList:
			err = m.Remove(ctx, path)
			res.SourcesRemoved = append(res.SourcesRemoved, path)
		default:
			perms := sys.Perms{}
			if !was {
				perms.Mode = a.Mode
				res.SourcesAdded = append(res.SourcesAdded, path)
			}
			_, err = m.Write(ctx, sys.Write{Path: path, Content: sys.Bytes([]byte(text)), Perms: perms, NewMode: 0o644})
		}
		if err != nil {
			return res, err
		}
	}
	if len(edits) == 0 || !a.UpdateCache || m.Check {
		return res, nil
	}
	r := newAptUpdate(m, a.UpdateCacheRetries, a.UpdateCacheRetryMaxDelay)
	if err := r.fetchLists(ctx); err != nil {
		if failed := restore(m, edits, old); failed != nil {
			return res, fmt.Errorf("%w; the sources could not be put back: %w", err, failed)
		}
		res.Changed = new(bool)
		res.SourcesAdded, res.SourcesRemoved = []string{}, []string{}
		return res, fmt.Errorf("the sources are put back as they were: %w", err)
	}
	return res, nil
}

// newAptUpdate returns a run that can fetch the package lists.
func newAptUpdate(m *sys.Machine, retries, delay int) *aptRun {
	return &aptRun{m: m, a: &aptArgs{LockTimeout: 60, UpdateCacheRetries: retries, UpdateCacheRetryMaxDelay: delay}}
}

// restore gives the edited files their old text.
func restore(m *sys.Machine, edits, old map[string]string) error {
	var errs []error
	for path := range edits {
		text, was := old[path]
		if was {
			errs = append(errs, os.WriteFile(m.Path(path), []byte(text), 0o644))
		} else {
			errs = append(errs, os.Remove(m.Path(path)))
		}
	}
	return errors.Join(errs...)
}

const sourcesList = "/etc/apt/sources.list"

// readSources returns the text of all files of sources by path.
func readSources(m *sys.Machine) (map[string]string, error) {
	found := map[string]string{}
	files, _ := filepath.Glob(m.Path("/etc/apt/sources.list.d/*.list"))
	for _, file := range append([]string{m.Path(sourcesList)}, files...) {
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[strings.TrimPrefix(file, m.Root)] = string(data)
	}
	return found, nil
}

// sourceLine is a line of apt's sources.
type sourceLine struct {
	enabled bool
	fields  string // type, options and the rest, with single spaces
}

// parseSource reads a line of sources.list(5), also where it is commented out.
func parseSource(line string) (sourceLine, bool) {
	text, _, _ := strings.Cut(strings.TrimLeft(line, "# \t"), "#")
	s := sourceLine{enabled: !strings.HasPrefix(strings.TrimSpace(line), "#")}
	words := strings.Fields(strings.NewReplacer("[", " [ ", "]", " ] ").Replace(text))
	if len(words) < 3 || words[0] != "deb" && words[0] != "deb-src" {
		return s, false
	}
	s.fields = strings.Join(words, " ")
	return s, true
}

// sourceEdits returns the new text of each file that has to change; nothing is a
// file that goes.
func sourceEdits(files map[string]string, want sourceLine, a *aptRepositoryArgs) map[string]string {
	edits := map[string]string{}
	there := false
	for _, path := range slices.Sorted(maps.Keys(files)) {
		text, found := editSources(files[path], want, a.State == "present")
		there = there || found
		if text != files[path] {
			edits[path] = text
		}
	}
	if a.State == "absent" || there {
		return edits
	}
	path := "/etc/apt/sources.list.d/" + sourceFile(a)
	text := files[path]
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	edits[path] = text + strings.TrimSpace(a.Repo) + "\n"
	return edits
}

// editSources enables the wanted line in a file's text, or takes it out. A text
// in which nothing but comments would be left becomes empty.
func editSources(text string, want sourceLine, present bool) (edited string, found bool) {
	var kept []string
	any := false
	for _, line := range strings.SplitAfter(text, "\n") {
		s, ok := parseSource(line)
		if !ok || s.fields != want.fields {
			any = any || ok
			kept = append(kept, line)
			continue
		}
		if !present && s.enabled || present && found {
			continue
		}
		if present && !s.enabled {
			line = strings.TrimLeft(line, "# \t")
		}
		found, any = true, true
		kept = append(kept, line)
	}
	edited = strings.Join(kept, "")
	if edited != text && !any {
		return "", found
	}
	return edited, found
}

var (
	sourceOptions = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[[^\]]*\]`) })
	sourceScheme  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\w+://`) })
	sourceNoWord  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^a-zA-Z0-9]+`) })
)

// sourceFile is the name of a line's file, by Ansible's rule.
func sourceFile(a *aptRepositoryArgs) string {
	if a.Filename != "" {
		return strings.TrimSuffix(a.Filename, ".list") + ".list"
	}
	line := sourceScheme().ReplaceAllString(sourceOptions().ReplaceAllString(a.Repo, ""), "")
	address := strings.Fields(line)[1]
	if _, behind, ok := strings.Cut(address, "@"); ok {
		address = behind // a password is no part of a name
	}
	return strings.Trim(sourceNoWord().ReplaceAllString(address, "_"), "_") + ".list"
}
