package mysql

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/tasks/database"
)

// answer is what the server says to a statement.
type answer struct {
	columns  []column
	rows     [][]*string // nil is NULL
	affected int
	warnings int
}

type column struct {
	name    string
	kind    byte
	charset uint16
}

// saysMoreResults is the state in which another answer follows.
const saysMoreResults = 0x8

// ask sends a statement, with args in the places of %s, and returns the answer.
// Of several answers it is the first.
func (c *conn) ask(statement string, args ...any) (*answer, error) {
	text, err := database.Fill(statement, args, nil, c.quote)
	if err != nil {
		return nil, err
	}
	return c.send(text)
}

// send sends a statement as it is.
func (c *conn) send(statement string) (*answer, error) {
	c.seq, c.read = 0, 0
	if err := c.write(append([]byte{3}, statement...)); err != nil {
		return nil, err
	}
	var first *answer
	for {
		a, err := c.answer()
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = a
		}
		if c.status&saysMoreResults == 0 {
			return first, nil
		}
	}
}

func (c *conn) answer() (*answer, error) {
	p, err := c.packet()
	if err != nil {
		return nil, err
	}
	b := &reader{b: p}
	if p[0] == saysOK {
		b.take(1)
		n, _ := b.number()
		b.number()
		c.status = b.uint16()
		return &answer{affected: int(n), warnings: int(b.uint16())}, nil
	}
	if p[0] == 0xfb {
		return nil, fmt.Errorf("LOAD DATA LOCAL is not supported")
	}
	n, _ := b.number()
	a := &answer{}
	for range n {
		if p, err = c.packet(); err != nil {
			return nil, err
		}
		a.columns = append(a.columns, readColumn(p))
	}
	if _, err = c.packet(); err != nil { // the end of the columns
		return nil, err
	}
	for {
		if p, err = c.packet(); err != nil {
			return nil, err
		}
		b := &reader{b: p}
		if p[0] == saysSwitch && len(p) < 9 {
			b.take(1)
			a.warnings = int(b.uint16())
			c.status = b.uint16()
			a.affected = len(a.rows)
			return a, nil
		}
		row := make([]*string, len(a.columns))
		for i := range row {
			if s, null := b.text(); !null {
				text := string(s)
				row[i] = &text
			}
		}
		if b.bad {
			return nil, fmt.Errorf("the server sent a row that is damaged")
		}
		a.rows = append(a.rows, row)
	}
}

func readColumn(p []byte) column {
	b := &reader{b: p}
	for range 4 { // catalog, schema, table and its own name
		b.text()
	}
	name, _ := b.text()
	b.text()
	b.take(1)
	col := column{name: string(name), charset: b.uint16()}
	b.take(4)
	col.kind = b.byte()
	return col
}

// value returns a field as Ansible's connector does: numbers as numbers, times
// as ISO 8601.
func (col column) value(s *string) any {
	if s == nil {
		return nil
	}
	switch col.kind {
	case 1, 2, 3, 8, 9, 13: // integers and years
		if n, err := strconv.ParseInt(*s, 10, 64); err == nil {
			return n
		}
		return json.Number(*s)
	case 0, 4, 5, 246: // decimals and floats
		if _, err := strconv.ParseFloat(*s, 64); err == nil {
			return json.Number(*s)
		}
	case 7, 12: // times
		return strings.Replace(*s, " ", "T", 1)
	}
	return strings.ToValidUTF8(*s, "?")
}

// maps returns the rows by the names of the columns.
func (a *answer) maps() []map[string]any {
	out := make([]map[string]any, len(a.rows))
	for i, row := range a.rows {
		out[i] = map[string]any{}
		for j, col := range a.columns {
			out[i][col.name] = col.value(row[j])
		}
	}
	return out
}

// texts returns a column; NULL is an empty text.
func (a *answer) texts(i int) []string {
	out := []string{}
	for _, row := range a.rows {
		if i < len(row) && row[i] != nil {
			out = append(out, *row[i])
		} else {
			out = append(out, "")
		}
	}
	return out
}

// first returns the first field of the first row.
func (a *answer) first() (string, bool) {
	if len(a.rows) == 0 || len(a.rows[0]) == 0 || a.rows[0][0] == nil {
		return "", false
	}
	return *a.rows[0][0], true
}

// quote writes a value as SQL does.
func (c *conn) quote(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return strings.ToLower(strconv.FormatBool(v))
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, c.quote(item))
		}
		return "(" + strings.Join(items, ",") + ")"
	}
	text := fmt.Sprint(v)
	if c.status&noBackslash != 0 {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return "'" + strings.NewReplacer("\\", `\\`, "'", `\'`, "\"", `\"`, "\x00", `\0`, "\n", `\n`, "\r", `\r`, "\x1a", `\Z`).Replace(text) + "'"
}

// name quotes the name of a database, table or the like.
func name(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

// isMariaDB reports which of the two servers it is.
func (c *conn) isMariaDB() bool { return strings.Contains(strings.ToLower(c.version), "mariadb") }

// sortedKeys returns the keys of a mapping in their order.
func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
