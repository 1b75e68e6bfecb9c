package files

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Find lists the files below folders that meet all conditions. It changes
// nothing and runs in check mode, too.
//
// Example:
//
//	tasks:
//	  - name: Look for old logs
//	    find:
//	      paths: /var/log/app
//	      patterns: "*.log"
//	      age: 2w
//	    register: old
//
//	  - name: Remove them
//	    file:
//	      path: "{{ item.path }}"
//	      state: absent
//	    loop: "{{ old.files }}"
var Find = sys.Define(spec.Module{
	Name:  "find",
	Names: []string{"ansible.builtin.find", "ansible.legacy.find"},
}, find)

type findArgs struct {
	// The folders to look in.
	Paths []string `arg:"paths,required" alias:"name,path"`
	// Patterns for the files' names, of which one has to match: as a shell's, or
	// with use_regex Python's regular expressions.
	Patterns []string `arg:"patterns" alias:"pattern"`
	// Patterns for the names of files to leave out.
	Excludes []string `arg:"excludes" alias:"exclude"`
	// Takes patterns and excludes for regular expressions.
	UseRegex bool `arg:"use_regex"`
	// A regular expression that has to match from the start of one of the file's lines.
	Contains string `arg:"contains"`
	// The encoding of the files in which contains is looked for, if it is not UTF-8.
	// It needs the program iconv.
	Encoding string `arg:"encoding"`
	// Looks for contains anywhere in the file's whole text.
	ReadWholeFile bool `arg:"read_whole_file"`
	// The kind of files.
	FileType string `arg:"file_type" choices:"any,directory,file,link" default:"file"`
	// Looks into folders below, too.
	Recurse bool `arg:"recurse"`
	// How many levels to go down. 0 is all.
	Depth int `arg:"depth"`
	// Looks into folders that symbolic links point to.
	Follow bool `arg:"follow"`
	// Takes files whose names start with a dot, too.
	Hidden bool `arg:"hidden"`
	// How old a file has to be at least, or with a minus at most: a number with s, m,
	// h, d or w.
	Age string `arg:"age"`
	// Which of a file's times its age is told by.
	AgeStamp string `arg:"age_stamp" choices:"atime,ctime,mtime" default:"mtime"`
	// How large a file has to be at least, or with a minus at most: a number with b,
	// k, m, g or t.
	Size string `arg:"size"`
	// The permissions that a file has to have.
	Mode any `arg:"mode"`
	// Takes files with exactly the permissions of mode. With no, these and others.
	ExactMode bool `arg:"exact_mode" default:"yes"`
	// How many files to return at most.
	Limit int `arg:"limit"`
	// Computes a digest of each file.
	GetChecksum bool `arg:"get_checksum"`
	// The kind of digest.
	ChecksumAlgorithm string `arg:"checksum_algorithm" alias:"checksum,checksum_algo" choices:"md5,sha1,sha224,sha256,sha384,sha512" default:"sha1"`
}

type findResult struct {
	// What was found: for each file the values that stat returns.
	Files []map[string]any `json:"files"`
	// How many there are.
	Matched int `json:"matched"`
	// How many files were looked at.
	Examined int `json:"examined"`
	// The folders and files that could not be looked at, and why.
	SkippedPaths map[string]string `json:"skipped_paths"`
	// Whether everything was looked at.
	Msg string `json:"msg"`
}

// search is one call of the module.
type search struct {
	*findArgs
	m      *sys.Machine
	filter filter
	names  map[string]string // of users and groups, by "u" or "g" and the number
	res    findResult
}

func find(ctx context.Context, m *sys.Machine, a *findArgs) (any, error) {
	f, err := a.filter()
	if err != nil {
		return nil, err
	}
	s := search{findArgs: a, m: m, filter: f, names: map[string]string{},
		res: findResult{Files: []map[string]any{}, SkippedPaths: map[string]string{}}}
	for _, path := range a.Paths {
		dir, err := m.Expand(path)
		if err != nil {
			return nil, err
		}
		if info, err := os.Stat(m.Path(dir)); err != nil || !info.IsDir() {
			s.res.SkippedPaths[path] = fmt.Sprintf("'%s' is not a directory", path)
			continue
		}
		if err := s.folder(ctx, strings.TrimSuffix(dir, "/"), 1); err != nil && err == s.filter.problem {
			s.res.SkippedPaths[path] = err.Error()
		} else if err != nil {
			return nil, err
		}
	}
	s.res.Matched, s.res.Msg = len(s.res.Files), "All paths examined"
	if len(s.res.SkippedPaths) > 0 {
		s.res.Msg = "Not all paths examined, check warnings for details"
	}
	return s.res, nil
}

// folder looks at the entries of a folder, and at those of the folders in it.
func (s *search) folder(ctx context.Context, dir string, level int) error {
	list, err := os.ReadDir(s.m.Path(dir + "/"))
	if err != nil {
		why := sys.Inner(err).Error()
		s.res.SkippedPaths[dir] = strings.ToUpper(why[:1]) + why[1:]
		return nil
	}
	for _, d := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.Limit > 0 && len(s.res.Files) >= s.Limit {
			return nil
		}
		s.res.Examined++
		path := dir + "/" + d.Name()
		info, err := d.Info()
		if err != nil {
			s.res.SkippedPaths[path] = sys.Inner(err).Error()
			continue
		}
		if s.Hidden || !strings.HasPrefix(d.Name(), ".") {
			if err := s.entry(ctx, path, info); err != nil {
				return err
			}
		}
		if !s.Recurse || level >= maxDepth || !s.enters(path, info) {
			continue
		}
		if s.Depth > 0 && level >= s.Depth {
			s.res.Examined += s.entries(path)
		} else if err := s.folder(ctx, path, level+1); err != nil {
			return err
		}
	}
	return nil
}

// entries returns how many entries a folder has that lies too deep to be looked
// into. They count as examined, as in Ansible, which finds their depth too large.
func (s *search) entries(dir string) int {
	list, _ := os.ReadDir(s.m.Path(dir)) // what cannot be read is not examined
	return len(list)
}

// enters reports whether the entry is a folder to look into.
func (s *search) enters(path string, info fs.FileInfo) bool {
	if s.Follow && info.Mode()&fs.ModeSymlink != 0 {
		to, err := os.Stat(s.m.Path(path))
		return err == nil && to.IsDir() && !s.circle(path)
	}
	return info.IsDir()
}

// circle reports whether a link leads to a folder that it lies in.
func (s *search) circle(path string) bool {
	real, err := realPath(s.m, path)
	return err != nil || strings.HasPrefix(path+"/", strings.TrimSuffix(real, "/")+"/")
}

func (s *search) entry(ctx context.Context, path string, info fs.FileInfo) error {
	if !s.filter.takes(ctx, s.m, path, info) {
		return s.filter.problem
	}
	st := info.Sys().(*syscall.Stat_t)
	values := fileValues(info)
	values["path"] = filepath.Clean(path)
	values["pw_name"] = s.name("u", int(st.Uid), s.m.UserName)
	values["gr_name"] = s.name("g", int(st.Gid), s.m.GroupName)
	if s.GetChecksum && info.Mode().IsRegular() {
		sum, err := s.m.Digest(path, s.ChecksumAlgorithm)
		if err != nil {
			s.res.SkippedPaths[path] = err.Error()
			return nil
		}
		values["checksum"] = sum
	}
	s.res.Files = append(s.res.Files, values)
	return nil
}

// name looks a user or group up once.
func (s *search) name(kind string, id int, lookup func(int) string) string {
	key := fmt.Sprint(kind, id)
	if _, ok := s.names[key]; !ok {
		s.names[key] = lookup(id)
	}
	return s.names[key]
}
