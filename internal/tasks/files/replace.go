package files

import (
	"context"
	"fmt"

	"fleet/internal/charset"
	"fleet/internal/spec"
	"fleet/internal/tasks/pattern"
	"fleet/internal/tasks/sys"
)

// Replace replaces everything in a text file that a regular expression matches.
// To be idempotent, the expression must not match what it is replaced by.
//
// Example:
//
//	tasks:
//	  - name: Move the machines to the new domain
//	    replace:
//	      path: /etc/hosts
//	      regexp: '\.old\.example\b'
//	      replace: .new.example
//	      after: '# the fleet'
var Replace = sys.Define(spec.Module{
	Name:  "replace",
	Names: []string{"ansible.builtin.replace", "ansible.legacy.replace"},
}, replace)

type replaceArgs struct {
	editArgs
	// The regular expression, as Python's, with ^ and $ for the ends of each line.
	Regexp string `arg:"regexp,required" form:"regexp"`
	// The replacement, with \1 and \g<name> for groups. Empty removes what matches.
	Replace string `arg:"replace"`
	// Only replaces behind what this regular expression matches. The dot matches newlines, too.
	After string `arg:"after" form:"regexp"`
	// Only replaces before what this regular expression matches. The dot matches newlines, too.
	Before string `arg:"before" form:"regexp"`
	// How the file is written: utf-8, in which other bytes stay as they are, utf-8-sig,
	// ascii, latin-1, iso8859-15, cp1252, or utf-16 with or without -le or -be.
	Encoding string `arg:"encoding" default:"utf-8"`
}

type replaceResult struct {
	// How many replacements were made.
	Msg string `json:"msg"`
	// The name of the backup, where one was made.
	BackupFile string `json:"backup_file,omitempty"`
	// Always 0.
	RC int `json:"rc"`
}

func replace(ctx context.Context, m *sys.Machine, a *replaceArgs) (any, error) {
	encoding, err := charset.Named(a.Encoding)
	if err != nil {
		return nil, fmt.Errorf("argument %q: %w", "encoding", err)
	}
	path, old, there, err := a.readText(m)
	res := &replaceResult{}
	switch {
	case err != nil:
		return nil, err
	case !there && m.Check:
		res.Msg = unknownYet
		return res, nil
	case !there:
		return nil, a.missing("Path", "copy, template, or lineinfile with create: true make files")
	}
	text, err := encoding.Decode([]byte(old))
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", a.Path, err)
	}
	after, found, err := a.apply(text, res)
	if err != nil || !found {
		return res, err
	}
	data := []byte(old)
	if after != text {
		if data, err = encoding.Encode(after); err != nil {
			return nil, fmt.Errorf("write %q: %w", a.Path, err)
		}
	}
	done, err := a.writeText(ctx, m, path, string(data))
	res.BackupFile = done.BackupFile
	return res, err
}

// apply returns the text with its replacements, and whether there is a place for
// them. The result gets the message.
func (a *replaceArgs) apply(text string, res *replaceResult) (after string, found bool, err error) {
	re, err := pattern.Compile(a.Regexp, pattern.MultiLine)
	if err != nil {
		return "", false, err
	}
	template, err := pattern.NewTemplate(a.Replace, re)
	if err != nil {
		return "", false, sys.Messagef("Unable to process replace due to error: %w", err)
	}
	from, to, err := a.section(text)
	if err != nil {
		return "", false, err
	}
	if from < 0 {
		res.Msg = fmt.Sprintf("Pattern for before/after params did not match the given file: %s", a.sectionPattern())
		return text, false, nil
	}
	section, n, err := template.ReplaceAll(re, text[from:to])
	if err != nil {
		return "", false, err
	}
	if section != text[from:to] {
		res.Msg = fmt.Sprintf("%d replacements made", n)
	}
	return text[:from] + section + text[to:], true, nil
}

func (a *replaceArgs) sectionPattern() string {
	switch {
	case a.After != "" && a.Before != "":
		return a.After + "(?P<subsection>.*?)" + a.Before
	case a.After != "":
		return a.After + "(?P<subsection>.*)"
	case a.Before != "":
		return "(?P<subsection>.*)" + a.Before
	}
	return ""
}

// section returns where replacements may be made, or -1.
func (a *replaceArgs) section(text string) (from, to int, err error) {
	expr := a.sectionPattern()
	if expr == "" {
		return 0, len(text), nil
	}
	re, err := pattern.Compile(expr, pattern.DotAll)
	if err != nil {
		return 0, 0, err
	}
	match, err := re.Find(text)
	if match == nil || err != nil {
		return -1, -1, err
	}
	group, _ := re.Group("subsection")
	return match[2*group], match[2*group+1], nil
}
