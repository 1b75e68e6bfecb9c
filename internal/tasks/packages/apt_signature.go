package packages

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"fleet/internal/tasks/sys"
)

// untrusted returns an error that names each repository whose signature apt-get
// update could not verify, or nil where stderr tells of none. apt's own errors
// only say "is not signed", also where the key is what is missing.
func untrusted(m *sys.Machine, stderr string) error {
	var said []string
	hint := ""
	for _, line := range strings.Split(stderr, "\n") {
		_, rest, ok := strings.Cut(line, "GPG error: ")
		repository, reason, is := strings.Cut(rest, ": ") // an address has no blank behind its colon
		words := strings.Fields(repository)
		if !ok || !is || !strings.HasPrefix(line, "W: ") || len(words) < 2 {
			continue
		}
		what, advice := signature(m, words[0], words[1], reason)
		said = append(said, what)
		if hint == "" {
			hint = advice
		}
	}
	if len(said) == 0 {
		return nil
	}
	return fmt.Errorf("apt-get update: %s\nhint: %s", strings.Join(said, "; "), hint)
}

var (
	missingKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`NO_PUBKEY ([0-9A-F]+)`) })
	expiredKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`EXPKEYSIG ([0-9A-F]+)`) })
)

// signature says what is wrong with a repository's signature, and what to do.
func signature(m *sys.Machine, address, suite, reason string) (said, hint string) {
	repository := "repository " + address + " " + suite
	files := signedBy(m, address, suite)
	if path, mode := closed(m, files); path != "" {
		return fmt.Sprintf("%s cannot be verified: apt's own user cannot read its key: %s has the mode %04o", repository, path, mode),
			"make the repository's key readable by all: mode \"0644\" for the file, \"0755\" for its folder"
	}
	where := strings.Join(files, " or ")
	if found := missingKey().FindAllStringSubmatch(reason, -1); found != nil {
		var ids []string
		for _, id := range found {
			ids = append(ids, id[1])
		}
		said = fmt.Sprintf("%s is signed by a key that apt does not have: NO_PUBKEY %s", repository, strings.Join(ids, ", "))
		if len(files) == 0 {
			return said, "put the repository's key into a file in /etc/apt/keyrings, and name the file in the source: [signed-by=FILE]"
		}
		for _, file := range files {
			said += "; " + keysIn(m, file)
		}
		return said, "put the repository's own key into " + where
	}
	if found := expiredKey().FindStringSubmatch(reason); found != nil {
		if len(files) == 0 {
			where = "/etc/apt/trusted.gpg.d"
		}
		return fmt.Sprintf("%s is signed by a key that has expired: EXPKEYSIG %s", repository, found[1]),
			"fetch the repository's key again: the one in " + where + " is old"
	}
	return fmt.Sprintf("%s cannot be verified: %s", repository, reason), "look at the repository's key and at the machine's clock"
}

// closed returns the first of the key files, or of their folders, that not
// everybody can read: apt verifies signatures as a user of its own.
func closed(m *sys.Machine, files []string) (path string, mode fs.FileMode) {
	for _, file := range files {
		folder := filepath.Dir(file)
		if info, err := os.Stat(m.Path(folder)); err == nil && info.Mode()&0o001 == 0 {
			return folder, info.Mode().Perm()
		}
		if info, err := os.Stat(m.Path(file)); err == nil && info.Mode()&0o004 == 0 {
			return file, info.Mode().Perm()
		}
	}
	return "", 0
}

// keysIn says which keys a file holds.
func keysIn(m *sys.Machine, file string) string {
	data, err := m.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no file " + file
	}
	if err != nil {
		return err.Error()
	}
	keys, err := readKeys(data)
	if err != nil {
		return file + " holds no key that can be read"
	}
	var ids []string
	for _, key := range keys {
		ids = append(ids, key.id())
	}
	return file + " holds " + list(ids)
}

var sourceSignedBy = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)[\[ ]signed-by=([^] ]+)`) })

// signedBy returns the key files that apt's sources name for a repository. There
// are none where apt's own keyrings are meant, or where a key stands in the
// source itself.
func signedBy(m *sys.Machine, address, suite string) []string {
	address = strings.TrimSuffix(address, "/")
	var named []string
	texts, _ := readSources(m) // without them the error is still told, only less well
	for _, text := range texts {
		for _, line := range strings.Split(text, "\n") {
			s, ok := parseSource(line)
			_, rest, _ := strings.Cut(s.fields, "] ")
			words := strings.Fields(rest)
			option := sourceSignedBy().FindStringSubmatch(line)
			if ok && s.enabled && option != nil && len(words) > 1 && strings.TrimSuffix(words[0], "/") == address && words[1] == suite {
				named = append(named, strings.Split(option[1], ",")...)
			}
		}
	}
	files, _ := filepath.Glob(m.Path("/etc/apt/sources.list.d/*.sources"))
	for _, file := range files {
		data, _ := os.ReadFile(file)
		for _, stanza := range strings.Split(string(data), "\n\n") {
			field := deb822Fields(stanza)
			uris := strings.Fields(strings.ReplaceAll(field["uris"]+" ", "/ ", " "))
			if slices.Contains(uris, address) && slices.Contains(strings.Fields(field["suites"]), suite) {
				named = append(named, strings.Fields(field["signed-by"])...)
			}
		}
	}
	slices.Sort(named)
	return slices.DeleteFunc(slices.Compact(named), func(name string) bool { return !strings.HasPrefix(name, "/") })
}

// deb822Fields reads the fields of a stanza that stand on one line, by their
// names in small letters.
func deb822Fields(stanza string) map[string]string {
	fields := map[string]string{}
	for _, line := range strings.Split(stanza, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && name == strings.TrimSpace(name) && !strings.HasPrefix(line, "#") {
			fields[strings.ToLower(name)] = strings.TrimSpace(value)
		}
	}
	return fields
}
