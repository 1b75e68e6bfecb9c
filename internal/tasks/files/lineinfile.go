package files

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/pattern"
	"fleet/internal/tasks/sys"
)

// Lineinfile has one line in a text file, or has it out of it.
//
// The last line that regexp matches is replaced; where none does, the line is
// added, unless it is there already.
//
// Example:
//
//	tasks:
//	  - name: Let nobody log in as root
//	    lineinfile:
//	      path: /etc/ssh/sshd_config
//	      regexp: '^#?PermitRootLogin\s'
//	      line: PermitRootLogin no
//	      validate: sshd -t -f %s
var Lineinfile = sys.Define(spec.Module{
	Name:      "lineinfile",
	Names:     []string{"ansible.builtin.lineinfile", "ansible.legacy.lineinfile"},
	DiffList:  true,
	Exclusive: [][]string{{"insertbefore", "insertafter"}, {"regexp", "search_string"}},
}, lineinfile)

type lineinfileArgs struct {
	editArgs
	// Whether the line shall be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The line. With backrefs \1 and \g<name> stand for the groups of regexp.
	Line *string `arg:"line" alias:"value"`
	// A regular expression, as Python's, for the line to replace or to remove.
	Regexp *string `arg:"regexp" form:"regexp" alias:"regex"`
	// A text that is in the line to replace or to remove.
	SearchString *string `arg:"search_string"`
	// Where a new line goes: behind the last line that this regular expression
	// matches, or EOF or BOF.
	InsertAfter string `arg:"insertafter" form:"regexp"`
	// Where a new line goes: before the last line that this regular expression
	// matches, or BOF.
	InsertBefore string `arg:"insertbefore" form:"regexp"`
	// Takes the first line that matches, in place of the last.
	FirstMatch bool `arg:"firstmatch"`
	// Puts the groups of regexp into the line, and adds no line where nothing matches.
	Backrefs bool `arg:"backrefs"`
	// Makes the file, and its folder, if it does not exist.
	Create bool `arg:"create"`
}

type lineinfileResult struct {
	// What was done: "line added", "line replaced", "1 line(s) removed".
	Msg string `json:"msg"`
	// The name of the backup, or nothing.
	Backup string `json:"backup"`
	// How many lines were removed.
	Found *int `json:"found,omitempty"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

func lineinfile(ctx context.Context, m *sys.Machine, a *lineinfileArgs) (any, error) {
	e, err := a.edit()
	if err != nil {
		return nil, err
	}
	path, text, there, err := a.readText(m)
	if err != nil {
		return nil, err
	}
	res := &lineinfileResult{Warnings: a.warnings()}
	switch {
	case there || a.State == "present" && a.Create:
	case a.State == "absent":
		res.Msg = "file not present"
		return res, nil
	case m.Check:
		res.Msg = unknownYet
		return res, nil
	default:
		return nil, a.missing("Destination", createMakes)
	}
	lines := splitLines(text)
	if a.State == "absent" {
		kept := slices.DeleteFunc(slices.Clone(lines), e.removes)
		if n := len(lines) - len(kept); n > 0 {
			res.Msg, res.Found = fmt.Sprintf("%d line(s) removed", n), &n
		}
		lines = kept
	} else {
		lines, res.Msg = e.present(lines)
	}
	if e.err != nil || lines == nil && !there {
		return res, e.err
	}
	done, err := a.writeText(ctx, m, path, strings.Join(lines, ""))
	res.Backup = done.BackupFile
	return res, err
}

// warnings says, in Ansible's words, what is probably not meant.
func (a *lineinfileArgs) warnings() []string {
	const all = "The %s is an empty string, which will match every line in the file. " +
		"This may have unintended consequences, such as replacing the last line in the file rather than appending."
	switch {
	case a.Regexp != nil && *a.Regexp == "":
		return []string{fmt.Sprintf(all, "regular expression") +
			" If this is desired, use '^' to match every line in the file and avoid this warning."}
	case a.SearchString != nil && *a.SearchString == "":
		return []string{fmt.Sprintf(all, "search string")}
	}
	return nil
}

// lineEdit is an edit with its expressions compiled.
type lineEdit struct {
	*lineinfileArgs
	line     string
	match    *pattern.Regexp
	place    *pattern.Regexp // of insertafter or insertbefore
	template *pattern.Template
	err      error // of the first line that an expression takes too long on
}

func (a *lineinfileArgs) edit() (e *lineEdit, err error) {
	e = &lineEdit{lineinfileArgs: a}
	if a.Line != nil {
		e.line = *a.Line
	}
	switch {
	case a.State == "present" && a.Line == nil:
		return nil, errors.New(`state: present needs the argument "line"`)
	case a.State == "present" && a.Backrefs && a.Regexp == nil:
		return nil, errors.New(`argument "backrefs" needs "regexp"`)
	case a.State == "absent" && a.Line == nil && a.Regexp == nil && a.SearchString == nil:
		return nil, errors.New("state: absent needs one of the arguments line, search_string, regexp")
	}
	if a.Regexp != nil {
		if e.match, err = pattern.Compile(*a.Regexp, pattern.Line); err != nil {
			return nil, err
		}
	}
	if a.Backrefs && a.State == "present" {
		if e.template, err = pattern.NewTemplate(e.line, e.match); err != nil {
			return nil, err
		}
	}
	place := a.InsertBefore
	if a.InsertAfter != "" && a.InsertAfter != "EOF" {
		place = a.InsertAfter
	}
	if place != "" && place != "BOF" {
		e.place, err = pattern.Compile(place, pattern.Line)
	}
	return e, err
}

// selects reports whether regexp or search_string choose the line.
func (e *lineEdit) selects(line string) bool {
	switch {
	case e.match != nil:
		return e.matches(e.match, line)
	case e.SearchString != nil:
		return strings.Contains(line, *e.SearchString)
	}
	return false
}

// matches reports whether an expression matches the line. After an error nothing
// matches any more.
func (e *lineEdit) matches(re *pattern.Regexp, line string) bool {
	if e.err != nil {
		return false
	}
	matches, err := re.Match(line)
	e.err = err
	return matches
}

// removes reports whether state: absent takes the line out.
func (e *lineEdit) removes(line string) bool {
	if e.match == nil && e.SearchString == nil {
		return bare(line) == e.line
	}
	return e.selects(line)
}

// find returns the line that is chosen, or -1.
func (e *lineEdit) find(lines []string) int {
	found := -1
	for i, line := range lines {
		if e.selects(line) {
			found = i
			if e.FirstMatch {
				break
			}
		}
	}
	return found
}

// present returns the lines with the line among them, and what was done.
func (e *lineEdit) present(lines []string) ([]string, string) {
	line := ended(e.line)
	at := e.find(lines)
	if at >= 0 && e.template != nil {
		match, _ := e.match.Find(lines[at]) // it matched when it was chosen
		line = ended(e.template.Expand(lines[at], match))
	}
	place := -1
	if at < 0 {
		at, place = e.findPlace(lines)
	}
	switch {
	case at >= 0 && lines[at] == line:
		return lines, ""
	case at >= 0:
		lines[at] = line
		return lines, "line replaced"
	case e.Backrefs:
		return lines, ""
	}
	to := e.insertAt(lines, place)
	switch {
	case to == len(lines) && to > 0:
		lines[to-1] = ended(lines[to-1])
	case to < len(lines) && place >= 0 && e.InsertAfter != "" && bare(lines[to]) == e.line:
		return lines, ""
	}
	return slices.Insert(lines, to, line), "line added"
}

// findPlace returns where the line is already, and where insertafter or
// insertbefore match. With firstmatch nothing is looked for behind that place.
func (e *lineEdit) findPlace(lines []string) (at, place int) {
	at, place = -1, -1
	for i, line := range lines {
		if bare(line) == e.line {
			at = i
		} else if e.place != nil && e.matches(e.place, line) {
			place = i
			if e.FirstMatch {
				break
			}
		}
	}
	return at, place
}

// insertAt returns where a new line goes.
func (e *lineEdit) insertAt(lines []string, place int) int {
	switch {
	case e.InsertBefore == "BOF" || e.InsertAfter == "BOF":
		return 0
	case place < 0:
		return len(lines)
	case e.InsertAfter != "":
		return place + 1
	}
	return place
}
