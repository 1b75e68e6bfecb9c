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

// Blockinfile has a block of lines in a text file, between two marker lines by
// which it is found again. An empty block is taken out.
//
// Example:
//
//	tasks:
//	  - name: Name the machines of the fleet
//	    blockinfile:
//	      path: /etc/hosts
//	      marker: "# {mark} fleet"
//	      block: |
//	        10.0.0.1 web1
//	        10.0.0.2 web2
var Blockinfile = sys.Define(spec.Module{
	Name:      "blockinfile",
	Names:     []string{"ansible.builtin.blockinfile", "ansible.legacy.blockinfile"},
	DiffList:  true,
	Exclusive: [][]string{{"insertbefore", "insertafter"}},
}, blockinfile)

type blockinfileArgs struct {
	editArgs
	// Whether the block shall be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The lines between the markers.
	Block string `arg:"block" alias:"content"`
	// The marker lines, with {mark} for marker_begin and marker_end.
	Marker string `arg:"marker" default:"# {mark} ANSIBLE MANAGED BLOCK"`
	// What stands for {mark} in the line above the block.
	MarkerBegin string `arg:"marker_begin" default:"BEGIN"`
	// What stands for {mark} in the line below the block.
	MarkerEnd string `arg:"marker_end" default:"END"`
	// Where a new block goes: behind the last line that this regular expression
	// matches, or EOF.
	InsertAfter string `arg:"insertafter" form:"regexp"`
	// Where a new block goes: before the last line that this regular expression
	// matches, or BOF.
	InsertBefore string `arg:"insertbefore" form:"regexp"`
	// Has an empty line behind the block.
	AppendNewline bool `arg:"append_newline"`
	// Has an empty line before the block.
	PrependNewline bool `arg:"prepend_newline"`
	// Makes the file, and its folder, if it does not exist.
	Create bool `arg:"create"`
}

type blockinfileResult struct {
	// What was done: "Block inserted", "Block removed", "File created".
	Msg string `json:"msg"`
	// The name of the backup, where one was made.
	BackupFile string `json:"backup_file,omitempty"`
}

func blockinfile(ctx context.Context, m *sys.Machine, a *blockinfileArgs) (any, error) {
	if !strings.Contains(a.Marker, "{mark}") || strings.Contains(a.Marker, "\n") {
		return nil, fmt.Errorf("marker %q has to be one line with {mark} in it, or the block is not found again", a.Marker)
	}
	if a.MarkerBegin == a.MarkerEnd {
		return nil, errors.New("marker_begin and marker_end have to differ, or the block is not found again")
	}
	path, text, there, err := a.readText(m)
	if err != nil {
		return nil, err
	}
	res := &blockinfileResult{}
	switch {
	case there || a.Create && a.State == "present":
	case a.State == "absent":
		res.Msg = fmt.Sprintf("file %s not present", a.Path)
		return res, nil
	case m.Check:
		res.Msg = unknownYet
		return res, nil
	default:
		return nil, a.missing("Path", createMakes)
	}
	after, err := a.apply(text)
	if err != nil {
		return nil, err
	}
	switch {
	case !there:
		res.Msg = "File created"
	case after == text:
	case a.lines() == nil:
		res.Msg = "Block removed"
	default:
		res.Msg = "Block inserted"
	}
	done, err := a.writeText(ctx, m, path, after)
	res.BackupFile = done.BackupFile
	return res, err
}

func (a *blockinfileArgs) marker(word string) string {
	return strings.ReplaceAll(a.Marker, "{mark}", word)
}

// lines returns the block with its markers, or nothing where it shall not be.
func (a *blockinfileArgs) lines() []string {
	if a.State == "absent" || a.Block == "" {
		return nil
	}
	lines := []string{a.marker(a.MarkerBegin) + "\n"}
	lines = append(lines, splitLines(ended(a.Block))...)
	return append(lines, a.marker(a.MarkerEnd)+"\n")
}

// apply returns the text with the block as it should be.
func (a *blockinfileArgs) apply(text string) (string, error) {
	lines, block := splitLines(text), a.lines()
	lines, at := a.takeOut(lines)
	if at < 0 {
		var err error
		if at, err = a.place(text, lines); err != nil {
			return "", err
		}
	}
	if at > 0 && block != nil {
		lines[at-1] = ended(lines[at-1])
	}
	if a.PrependNewline && block != nil && at > 0 && lines[at-1] != "\n" {
		block = append([]string{"\n"}, block...)
	}
	if a.AppendNewline && block != nil && at < len(lines) && lines[at] != "\n" {
		block = append(block, "\n")
	}
	return strings.Join(slices.Insert(lines, at, block...), ""), nil
}

// takeOut removes the block that is there and returns its place, or -1.
func (a *blockinfileArgs) takeOut(lines []string) ([]string, int) {
	begin, end := -1, -1
	for i, line := range lines {
		switch bare(line) {
		case a.marker(a.MarkerBegin):
			begin = i
		case a.marker(a.MarkerEnd):
			end = i
		}
	}
	if begin < 0 || end < 0 {
		return lines, -1
	}
	from, to := min(begin, end), max(begin, end)
	return slices.Delete(lines, from, to+1), from
}

// place returns where a new block goes.
func (a *blockinfileArgs) place(text string, lines []string) (int, error) {
	expr := a.InsertAfter
	switch {
	case a.InsertBefore == "BOF":
		return 0, nil
	case a.InsertBefore != "":
		expr = a.InsertBefore
	case expr == "" || expr == "EOF":
		return len(lines), nil
	}
	re, err := pattern.Compile(expr, pattern.Line)
	if err != nil {
		return 0, err
	}
	if strings.HasPrefix(expr, "(?m)") {
		match, err := re.Find(text)
		return placeIn(text, match, a.InsertAfter != "", len(lines)), err
	}
	for i := len(lines) - 1; i >= 0; i-- {
		matches, err := re.Match(lines[i])
		if err != nil {
			return 0, err
		}
		if matches {
			if a.InsertAfter != "" {
				i++
			}
			return i, nil
		}
	}
	return len(lines), nil
}

// placeIn returns the line of an expression that may match several lines.
func placeIn(text string, match []int, after bool, last int) int {
	switch {
	case match == nil:
		return last
	case after:
		return min(strings.Count(text[:match[1]], "\n")+1, last)
	}
	return strings.Count(text[:match[0]], "\n")
}
