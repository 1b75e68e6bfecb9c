package archives

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Archive packs files and folders of the target into an archive, or compresses a
// single file. An archive that holds the same already is left as it is.
//
// A single file is compressed, unless force_archive or a format (tar, zip) makes
// it an archive; folders, lists and patterns always become archives. The formats
// bz2 and xz need the programs bzip2 and xz on the target.
//
// Example:
//
//	tasks:
//	  - name: Keep the logs of the old release
//	    archive:
//	      path: /var/log/shop/*.log
//	      dest: /var/backups/shop-logs.tgz
//	      remove: true
var Archive = sys.Define(spec.Module{
	Name:  "archive",
	Names: []string{"community.general.archive"},
}, archiveFiles)

type archiveArgs struct {
	// The files and folders, as absolute paths or patterns. Of a folder whose name
	// ends in a slash, what is in it is meant.
	Path []string `arg:"path,required" type:"path"`
	// How to compress.
	Format string `arg:"format" choices:"bz2,gz,tar,xz,zip" default:"gz"`
	// The archive. For a single path it may be left out: it then lies beside it, with
	// the format behind its name.
	Dest string `arg:"dest" type:"path"`
	// Paths or patterns to leave out of what path names.
	ExcludePath []string `arg:"exclude_path" type:"path"`
	// Patterns for names within the archive to leave out.
	ExclusionPatterns []string `arg:"exclusion_patterns"`
	// Makes an archive of a single file, too.
	ForceArchive bool `arg:"force_archive"`
	// Removes what was packed.
	Remove bool `arg:"remove"`
	sys.Perms
}

type archiveResult struct {
	// The archive.
	Dest string `json:"dest"`
	// What the archive is: archive, compress, incomplete where paths were missing,
	// or absent.
	DestState string `json:"dest_state"`
	// Paths that were not there.
	Missing []string `json:"missing"`
	// Paths that were packed.
	Archived []string `json:"archived"`
	// The folder that the names within the archive start from.
	Arcroot string `json:"arcroot"`
	// The paths after patterns were expanded.
	ExpandedPaths []string `json:"expanded_paths"`
	// What exclude_path named, after patterns were expanded.
	ExpandedExcludePaths []string `json:"expanded_exclude_paths"`
	sys.FileInfo
}

func archiveFiles(ctx context.Context, m *sys.Machine, a *archiveArgs) (any, error) {
	p := &packing{m: m, format: a.Format, patterns: a.ExclusionPatterns}
	res, err := p.plan(a)
	if err != nil {
		return res, err
	}
	found := len(res.ExpandedPaths) > len(res.Missing)
	if !found {
		res.DestState = destState(m, res.Dest)
		if res.DestState != "absent" {
			err = m.SetPerms(ctx, res.Dest, a.Perms, true)
			res.FileInfo = m.FileInfo(res.Dest)
		}
		return res, err
	}
	if err := p.walk(res); err != nil {
		return res, err
	}
	same, err := p.same(ctx)
	if err != nil {
		return res, err
	}
	if !same {
		err = m.Change(ctx, sys.Change{What: "pack " + res.Dest, Do: p.write})
	}
	if err != nil {
		return res, err
	}
	switch {
	case len(res.Missing) > 0:
		res.DestState = "incomplete"
	case p.single:
		res.DestState = "compress"
	default:
		res.DestState = "archive"
	}
	if err := m.SetPerms(ctx, res.Dest, a.Perms, true); err != nil {
		return res, err
	}
	if a.Remove {
		err = p.removeSources(ctx, res)
	}
	res.FileInfo = m.FileInfo(res.Dest)
	return res, err
}

// plan expands the paths and finds out where the archive goes and what it is.
func (p *packing) plan(a *archiveArgs) (*archiveResult, error) {
	res := &archiveResult{Missing: []string{}, Archived: []string{}}
	paths, patterns, err := expandAll(p.m, a.Path)
	if err != nil {
		return res, err
	}
	if res.ExpandedExcludePaths, _, err = expandAll(p.m, a.ExcludePath); err != nil {
		return res, err
	}
	if res.ExpandedPaths = paths; len(paths) == 0 {
		return res, fmt.Errorf("no file matches %s", strings.Join(a.Path, ", "))
	}
	p.sources = slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return slices.Contains(res.ExpandedExcludePaths, path) })
	if len(p.sources) == 0 {
		return res, errors.New("exclude_path leaves nothing to pack")
	}
	p.root, res.Arcroot = arcRoot(p.sources), arcRoot(p.sources)
	info, err := os.Stat(p.m.Path(p.sources[0]))
	folder := err == nil && info.IsDir()
	several := patterns || len(a.Path) > 1
	p.single = !several && !folder && !a.ForceArchive && a.Format != "tar" && a.Format != "zip"
	if res.Dest, err = p.m.Expand(a.Dest); err != nil {
		return res, err
	}
	if res.Dest == "" {
		if several {
			return res, errors.New(`argument "dest" is missing: several paths have no name in common`)
		}
		res.Dest = strings.TrimSuffix(p.sources[0], "/") + "." + a.Format
	}
	if info, err := os.Stat(p.m.Path(res.Dest)); err == nil && info.IsDir() {
		return res, fmt.Errorf("dest %q is a folder", res.Dest)
	}
	p.dest = res.Dest
	for _, path := range p.sources {
		if _, err := os.Lstat(p.m.Path(path)); errors.Is(err, fs.ErrNotExist) {
			res.Missing = append(res.Missing, path)
		} else if err != nil {
			return res, err
		}
	}
	return res, nil
}

var globSigns = "*?["

// expandAll expands ~ and patterns, and tells whether there was a pattern.
func expandAll(m *sys.Machine, given []string) (paths []string, patterns bool, err error) {
	paths = []string{}
	for _, g := range given {
		path, err := m.Expand(g)
		switch {
		case err != nil:
			return nil, false, err
		case !filepath.IsAbs(path):
			return nil, false, fmt.Errorf("path %q is not absolute", g)
		case !strings.ContainsAny(path, globSigns):
			paths = append(paths, path)
			continue
		}
		patterns = true
		found, err := filepath.Glob(m.Path(path))
		if err != nil {
			return nil, false, fmt.Errorf("path %q: %w", g, err)
		}
		for _, f := range found {
			paths = append(paths, "/"+strings.TrimPrefix(strings.TrimPrefix(f, m.Root), "/"))
		}
	}
	return paths, patterns, nil
}

// arcRoot returns the folder that all paths have in common, with a slash.
func arcRoot(paths []string) string {
	root := folderOf(paths[0])
	for _, path := range paths[1:] {
		for !strings.HasPrefix(folderOf(path), root) {
			root = folderOf(strings.TrimSuffix(root, "/"))
		}
	}
	return root
}

func folderOf(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

// destState says what a file of an earlier run is, by its name.
func destState(m *sys.Machine, dest string) string {
	if !m.Exists(dest) {
		return "absent"
	}
	if regexp.MustCompile(`\.(tar(\.\w+)?|tgz|tbz2|txz|zip)$`).MatchString(dest) {
		return "archive"
	}
	return "compress"
}

// removeSources removes what was packed, but never the archive in one of the folders.
func (p *packing) removeSources(ctx context.Context, res *archiveResult) error {
	for _, path := range p.sources {
		if strings.HasPrefix(res.Dest, strings.TrimSuffix(path, "/")+"/") {
			return fmt.Errorf("%q holds the archive and is not removed", path)
		}
		if path == res.Dest {
			continue
		}
		if err := p.m.Remove(ctx, path); err != nil {
			return err
		}
	}
	return nil
}
