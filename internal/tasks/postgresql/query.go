package postgresql

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fleet/internal/tasks/database"
)

// answer is what the server says to one statement.
type answer struct {
	columns []column
	rows    [][]*string // nil is NULL
	tag     string      // as "INSERT 0 1"
}

type column struct {
	name string
	kind uint32 // the number of its type in pg_type
}

// ask sends a statement, with args in the places of %s. Of several answers it
// returns the last.
func (c *conn) ask(statement string, args ...any) (*answer, error) {
	text, err := database.Fill(statement, args, nil, quote)
	if err != nil {
		return nil, err
	}
	all, err := c.run(text)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return &answer{}, nil
	}
	return all[len(all)-1], nil
}

// run sends statements as they are.
func (c *conn) run(statements string) ([]*answer, error) {
	if strings.Contains(statements, "\x00") {
		return nil, errors.New("the statement has a zero byte in it")
	}
	c.read = 0
	if err := c.write('Q', append([]byte(statements), 0)); err != nil {
		return nil, err
	}
	return c.answers()
}

// answers reads until the server waits for the next statement.
func (c *conn) answers() (all []*answer, refused error) {
	now := &answer{}
	for {
		kind, p, err := c.message()
		if err != nil && refused != nil {
			return nil, refused // it says why, and closes
		}
		if err != nil {
			return nil, err
		}
		switch kind {
		case 'Z':
			return all, refused
		case 'E':
			refused = refusal(p)
		case 'T':
			now.columns = readColumns(p)
		case 'D':
			row, ok := readRow(p)
			if !ok || len(row) != len(now.columns) {
				return nil, errors.New("the server sent a row that is damaged")
			}
			now.rows = append(now.rows, row)
		case 'C':
			now.tag = strings.TrimRight(string(p), "\x00")
			all, now = append(all, now), &answer{}
		case 'G':
			if err := c.write('f', []byte("not supported\x00")); err != nil {
				return nil, err
			}
		case 'H':
			refused = errors.New("COPY to the client is not supported")
		case 'd', 'c', 'I': // the data of COPY, its end, and an empty statement
		default:
			return nil, fmt.Errorf("the server says something that is not understood (%q)", kind)
		}
	}
}

func readColumns(p []byte) (out []column) {
	if len(p) < 2 {
		return nil
	}
	for p = p[2:]; len(p) > 0; {
		text, rest, _ := strings.Cut(string(p), "\x00")
		if len(rest) < 18 {
			return out
		}
		out = append(out, column{name: text, kind: binary.BigEndian.Uint32([]byte(rest[6:10]))})
		p = p[len(text)+1+18:]
	}
	return out
}

func readRow(p []byte) (out []*string, ok bool) {
	if len(p) < 2 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(p))
	p = p[2:]
	for range n {
		if len(p) < 4 {
			return nil, false
		}
		size := int32(binary.BigEndian.Uint32(p))
		p = p[4:]
		if size < 0 {
			out = append(out, nil)
			continue
		}
		if int(size) > len(p) {
			return nil, false
		}
		text := string(p[:size])
		out, p = append(out, &text), p[size:]
	}
	return out, true
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

// value returns a field as Ansible's connector does, by the numbers of pg_type.
// Arrays and what is not known are text.
func (col column) value(s *string) any {
	if s == nil {
		return nil
	}
	switch col.kind {
	case 16: // bool
		return *s == "t"
	case 20, 21, 23, 26, 700, 701, 1700: // integers, oid, floats, numeric
		if _, err := strconv.ParseFloat(*s, 64); err == nil && json.Valid([]byte(*s)) {
			return json.Number(*s)
		}
	case 114, 3802: // json, jsonb
		if json.Valid([]byte(*s)) {
			return json.RawMessage(*s)
		}
	case 1114: // a timestamp
		return strings.Replace(*s, " ", "T", 1)
	case 1184: // one with its zone, as +02
		text := strings.Replace(*s, " ", "T", 1)
		if i := len(text) - 3; i > 0 && (text[i] == '+' || text[i] == '-') {
			text += ":00"
		}
		return text
	}
	return strings.ToValidUTF8(*s, "?")
}

// first returns the first field of the first row; there is none where it is NULL.
func (a *answer) first() (string, bool) {
	if len(a.rows) == 0 || len(a.rows[0]) == 0 || a.rows[0][0] == nil {
		return "", false
	}
	return *a.rows[0][0], true
}

// row returns the first row by the names of its columns; NULL is an empty text.
func (a *answer) row() map[string]string {
	out := map[string]string{}
	for i, col := range a.columns {
		if len(a.rows) > 0 && a.rows[0][i] != nil {
			out[col.name] = *a.rows[0][i]
		}
	}
	return out
}

// count is how many rows the statement returned or changed.
func (a *answer) count() int {
	n, err := strconv.Atoi(a.tag[strings.LastIndexByte(a.tag, ' ')+1:])
	if err != nil {
		return 0
	}
	return n
}

// quote writes a value as SQL does.
func quote(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = quote(item)
		}
		if len(items) == 0 {
			return "'{}'"
		}
		return "ARRAY[" + strings.Join(items, ",") + "]"
	case map[string]any:
		if data, err := json.Marshal(v); err == nil {
			return quote(string(data))
		}
	}
	text := strings.ReplaceAll(fmt.Sprint(v), "'", "''")
	if strings.Contains(text, `\`) {
		return " E'" + strings.ReplaceAll(text, `\`, `\\`) + "'"
	}
	return "'" + text + "'"
}

// name quotes the name of a role, database, table or the like.
func name(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
