package engine

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// varFolder chooses among the files of a folder for include_vars.
type varFolder struct {
	root    string
	depth   int
	match   *regexp.Regexp
	ignored []*regexp.Regexp
	endings []string // nil: any
}

func newVarFolder(root string, args *includeVarsArgs) (*varFolder, error) {
	f := &varFolder{root: root, depth: args.Depth}
	if args.IgnoreUnknownExtensions {
		f.endings = args.Extensions
	}
	var err error
	if f.match, err = regexp.Compile(args.FilesMatching); err != nil {
		return nil, fmt.Errorf("files_matching: %w", err)
	}
	for _, text := range args.IgnoreFiles {
		for _, word := range strings.Fields(text) {
			re, err := regexp.Compile("(?:" + word + ")$")
			if err != nil {
				return nil, fmt.Errorf("ignore_files: %w", err)
			}
			f.ignored = append(f.ignored, re)
		}
	}
	return f, nil
}

// files returns the paths, folder by folder in the order of the folders' paths.
func (f *varFolder) files() ([]string, error) {
	byFolder := map[string][]string{}
	if err := f.look(f.root, nil, byFolder); err != nil {
		return nil, err
	}
	var out []string
	for _, dir := range slices.Sorted(maps.Keys(byFolder)) {
		out = append(out, byFolder[dir]...)
	}
	return out, nil
}

// look takes in a folder and those below it, also behind symbolic links, but none
// that it is in already. above are the real paths of the folders around it.
func (f *varFolder) look(dir string, above []string, found map[string][]string) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil || slices.Contains(above, real) || f.depth > 0 && len(above) >= f.depth {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil: // a link to nothing
		case info.IsDir():
			err = f.look(path, append(slices.Clone(above), real), found)
			if err != nil {
				return err
			}
		case f.wants(e.Name()):
			found[dir] = append(found[dir], path)
		}
	}
	return nil
}

func (f *varFolder) wants(name string) bool {
	return f.match.MatchString(name) && (f.endings == nil || slices.Contains(f.endings, ending(name))) &&
		!slices.ContainsFunc(f.ignored, func(re *regexp.Regexp) bool { return re.MatchString(name) })
}

// ending is a file name's extension without its dot. A name that only begins with
// a dot has none.
func ending(path string) string {
	name := strings.TrimLeft(filepath.Base(path), ".")
	return strings.TrimPrefix(filepath.Ext(name), ".")
}
