package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/pattern"
	"fleet/internal/tasks/sys"
)

// Assemble puts a file together from the files of a folder, in the order of
// their names.
//
// Example:
//
//	tasks:
//	  - assemble:
//	      src: /etc/app/conf.d
//	      dest: /etc/app/app.conf
//	      regexp: '\.conf$'
var Assemble = sys.Define(spec.Module{
	Name:  "assemble",
	Names: []string{"ansible.builtin.assemble", "ansible.legacy.assemble"},
}, assemble)

type assembleArgs struct {
	// The folder with the parts.
	Src string `arg:"src,required" type:"path"`
	// The file to write.
	Dest string `arg:"dest,required" type:"path"`
	sys.Perms
	// Decrypts what is taken from the controller where it is a vault.
	Decrypt bool `arg:"decrypt" default:"yes"`
	// A text that stands between two parts.
	Delimiter string `arg:"delimiter"`
	// Takes src from the target. With no, it is the controller's.
	RemoteSrc bool `arg:"remote_src" default:"yes"`
	// A regular expression, as Python's, for the names of the parts.
	Regexp string `arg:"regexp" form:"regexp"`
	// Leaves out parts whose names start with a dot.
	IgnoreHidden bool `arg:"ignore_hidden"`
	// Keeps a file that is replaced under a name with the time in it.
	Backup bool `arg:"backup"`
	// A command that has to accept the new file before it is put in place, with %s
	// for its name.
	Validate string `arg:"validate"`
}

type assembleResult struct {
	// The path of the file.
	Dest string `json:"dest"`
	// The folder with the parts.
	Src string `json:"src"`
	// The file's SHA-1 digest.
	Checksum string `json:"checksum,omitempty"`
	// The file's MD5 digest.
	MD5 string `json:"md5sum,omitempty"`
	// The name of the backup, where one was made.
	BackupFile string `json:"backup_file,omitempty"`
	sys.FileInfo
}

func assemble(ctx context.Context, m *sys.Machine, a *assembleArgs) (any, error) {
	dest, err := m.Expand(a.Dest)
	if err != nil {
		return nil, err
	}
	var re *pattern.Regexp
	if a.Regexp != "" {
		if re, err = pattern.Compile(a.Regexp, pattern.Line); err != nil {
			return nil, err
		}
	}
	parts, err := a.parts(m)
	if err != nil {
		return nil, err
	}
	if parts, err = a.chosen(parts, re); err != nil {
		return nil, err
	}
	data, err := a.join(ctx, m, parts)
	if err != nil {
		return nil, err
	}
	res := &assembleResult{Dest: dest, Src: a.Src}
	done, err := m.Write(ctx, sys.Write{Path: dest, Content: sys.Bytes(data), Perms: a.Perms, Follow: true,
		Backup: a.Backup, Validate: a.Validate})
	res.BackupFile, res.FileInfo = done.BackupFile, m.FileInfo(dest)
	if err == nil && !m.Check {
		res.Checksum, _ = m.Digest(dest, "sha1")
		res.MD5, _ = m.Digest(dest, "md5")
	}
	return res, err
}

// chosen returns the parts that belong to the file. A nil re takes all names.
func (a *assembleArgs) chosen(parts []entry, re *pattern.Regexp) (out []entry, err error) {
	for _, e := range parts {
		takes := true
		if re != nil {
			if takes, err = re.Match(e.name); err != nil {
				return nil, err
			}
		}
		if takes && !(a.IgnoreHidden && strings.HasPrefix(e.name, ".")) {
			out = append(out, e)
		}
	}
	return out, nil
}

// parts returns the regular files of the folder, sorted by name.
func (a *assembleArgs) parts(m *sys.Machine) (parts []entry, err error) {
	named := map[string]entry{}
	if !a.RemoteSrc {
		if len(m.Files) == 0 {
			return nil, errors.New("the controller offers no parts with this call; remote_src: true takes them from the target")
		}
		for _, f := range m.Files {
			if e := sentEntry(m, f); !e.dir && !strings.Contains(e.name, "/") {
				named[e.name] = e
			}
		}
	} else {
		src, err := m.Expand(a.Src)
		if err != nil {
			return nil, err
		}
		list, err := os.ReadDir(m.Path(src))
		if err != nil {
			return nil, fmt.Errorf("read folder %q: %w", a.Src, sys.Inner(err))
		}
		for _, d := range list {
			path := strings.TrimSuffix(src, "/") + "/" + d.Name()
			if info, err := os.Stat(m.Path(path)); err != nil || !info.Mode().IsRegular() {
				continue
			}
			content, err := m.Local(path)
			if err != nil {
				return nil, err
			}
			named[d.Name()] = entry{name: d.Name(), content: content}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		parts = append(parts, named[name])
	}
	return parts, nil
}

// join puts the parts together, with a newline behind each that lacks one where
// a delimiter follows.
func (a *assembleArgs) join(ctx context.Context, m *sys.Machine, parts []entry) ([]byte, error) {
	var out bytes.Buffer
	var contents []sys.Content
	for _, part := range parts {
		contents = append(contents, part.content)
	}
	if err := m.Ask(ctx, contents); err != nil {
		return nil, err
	}
	delimiter := strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(a.Delimiter)
	for i, part := range parts {
		if i > 0 {
			if b := out.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' {
				out.WriteByte('\n')
			}
			if delimiter != "" {
				out.WriteString(ended(delimiter))
			}
		}
		r, err := part.content.Open(ctx)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(&out, r)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("read part %q: %w", part.name, err)
		}
	}
	return out.Bytes(), nil
}
