package docker

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// buildContext is a folder that is sent to the engine for a build.
type buildContext struct {
	folder     string
	dockerfile string
	ignored    []ignoreRule
}

func openContext(folder, dockerfile string) (*buildContext, error) {
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", folder)
	}
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(folder, dockerfile)); err != nil {
		return nil, fmt.Errorf("there is no %s in %s\nhint: build.dockerfile names another file", dockerfile, folder)
	}
	c := &buildContext{folder: folder, dockerfile: path.Clean(filepath.ToSlash(dockerfile))}
	data, err := os.ReadFile(filepath.Join(folder, ".dockerignore"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c.ignored, err = parseIgnore(string(data))
	return c, err
}

// tar returns the folder as a tar stream. The reader has to be read to its end
// or closed.
func (c *buildContext) tar() *io.PipeReader {
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		err := filepath.WalkDir(c.folder, func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, err := filepath.Rel(c.folder, file)
			if err != nil || name == "." || c.skips(filepath.ToSlash(name)) {
				return err
			}
			return addFile(out, file, filepath.ToSlash(name), entry)
		})
		if err == nil {
			err = out.Close()
		}
		w.CloseWithError(err)
	}()
	return r
}

func addFile(out *tar.Writer, file, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(file); err != nil {
			return err
		}
	}
	if info.Mode()&fs.ModeSocket != 0 {
		return nil // tar has no sockets, and docker leaves them out too
	}
	header, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	header.Name = name
	header.Uid, header.Gid, header.Uname, header.Gname = 0, 0, "", ""
	if err := out.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(out, f)
	return err
}

// skips reports whether .dockerignore leaves a file out. What the engine needs
// for the build itself is always sent.
func (c *buildContext) skips(name string) bool {
	if name == c.dockerfile || name == ".dockerignore" || strings.HasPrefix(c.dockerfile, name+"/") {
		return false
	}
	skip := false
	for _, rule := range c.ignored {
		if rule.match.MatchString(name) {
			skip = !rule.keep
		}
	}
	return skip
}

// ignoreRule is a line of .dockerignore. The last one that matches a path or a
// folder above it decides.
type ignoreRule struct {
	match *regexp.Regexp
	keep  bool
}

// parseIgnore reads .dockerignore as Docker's reference describes it: paths
// with *, ?, [..] and ** from the folder's root, # for comments, ! for exceptions.
func parseIgnore(text string) ([]ignoreRule, error) {
	var rules []ignoreRule
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		pattern, keep := strings.CutPrefix(line, "!")
		pattern = strings.Trim(path.Clean(strings.TrimSpace(pattern)), "/")
		if pattern == "." || pattern == "" {
			continue
		}
		match, err := regexp.Compile("^" + globExpression(pattern) + "(?:/.*)?$")
		if err != nil {
			return nil, fmt.Errorf(".dockerignore: line %d: %q is no pattern", i+1, line)
		}
		rules = append(rules, ignoreRule{match, keep})
	}
	return rules, nil
}

func globExpression(pattern string) string {
	var out strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case strings.HasPrefix(pattern[i:], "**/"):
			out.WriteString("(?:.*/)?")
			i += 2
		case strings.HasPrefix(pattern[i:], "**"):
			out.WriteString(".*")
			i++
		case c == '*':
			out.WriteString("[^/]*")
		case c == '?':
			out.WriteString("[^/]")
		case c == '[' || c == ']' || c == '-' || c == '^':
			out.WriteByte(c)
		case c == '\\' && i+1 < len(pattern):
			i++
			out.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			out.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return out.String()
}
