// Package result is what the benchmark says: lines of one table, each with its
// goal, and notes. It travels as JSON between the halves of the benchmark.
package result

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Line is one line of the table.
type Line struct {
	Part    string // a letter
	What    string
	Fleet   string // what fleet took
	Other   string // what it is compared with, and what that took
	Ratio   string
	Goal    string // empty where there is none
	Reached string // "yes" or "no", with a goal
}

// Record is a line, or a text that stands below the table, or both.
type Record struct {
	Line *Line  `json:",omitempty"`
	Text string `json:",omitempty"`
}

// Send writes a record.
func Send(w io.Writer, r Record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// Receive hands the records that come to take, until there are no more.
func Receive(r io.Reader, take func(Record) error) error {
	dec := json.NewDecoder(bufio.NewReader(r))
	for {
		var record Record
		err := dec.Decode(&record)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := take(record); err != nil {
			return err
		}
	}
}

// Reached returns the word for a goal.
func Reached(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

var head = Line{"part", "what", "fleet", "beside", "ratio", "goal", "reached"}

// Sorted returns the lines in the order of their parts, and within a part as they
// came.
func Sorted(lines []Line) []Line {
	sorted := slices.Clone(lines)
	slices.SortStableFunc(sorted, func(a, b Line) int { return strings.Compare(a.Part, b.Part) })
	return sorted
}

// Table is the lines as an aligned table of Markdown.
func Table(lines []Line) string {
	rows := [][]string{head.cells()}
	for _, l := range lines {
		rows = append(rows, l.cells())
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("|\n")
		if n == 0 {
			for i := range row {
				fmt.Fprintf(&b, "| %s ", strings.Repeat("-", max(3, width[i])))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

func (l Line) cells() []string {
	return []string{l.Part, l.What, l.Fleet, l.Other, l.Ratio, l.Goal, l.Reached}
}
