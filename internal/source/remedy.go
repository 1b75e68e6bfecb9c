package source

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A slip is a way in which texts that are meant as YAML go wrong. yaml.v3 names the
// mapping around it at best: which line it is shows when that line is mended.
type slip struct {
	// find returns where in a line the slip is, from 0, and the line without it; or -1.
	find func(line string) (at int, mended string)
	// tell says what stands there, and the remedy.
	tell func(line string, at int) (msg, hint string)
}

// slips are those that are looked for, in this order.
var slips = []slip{
	{oddBlank, func(line string, at int) (string, string) {
		r := []rune(line[at:])[0]
		return "the character " + strconv.QuoteRuneToASCII(r) + " is no space, though it looks like one", "replace it by a space"
	}},
	{oddQuote, func(line string, at int) (string, string) {
		return "the quote " + string([]rune(line[at:])[0]) + " is none of YAML's", `write " or '`
	}},
	{behindQuote, func(line string, at int) (string, string) {
		value := strings.TrimSpace(line[quotedStart(line):])
		return "text behind the closing quote", "the quotes have to be around all of it: " + quoteAll(value)
	}},
}

// maxSlips is how many lines with a slip are told apart.
const maxSlips = 50

// slipError returns the slip whose mending makes err go away, or nil.
func (d *document) slipError(err error) *Error {
	for _, s := range slips {
		lines := append([]string{}, d.lines...)
		var found []int
		for i, line := range d.lines {
			if at, mended := s.find(line); at >= 0 && len(found) < maxSlips {
				found, lines[i] = append(found, i), mended
			}
		}
		if len(found) == 0 || sameError(lines, err) {
			continue
		}
		for _, i := range found {
			mended := lines[i]
			lines[i] = d.lines[i]
			if sameError(lines, err) {
				at, _ := s.find(d.lines[i])
				msg, hint := s.tell(d.lines[i], at)
				return Errorf(Pos{File: d.file, Line: i + 1, Col: at + 1}, "%w: %s", ErrSyntax, msg).WithHint("%s", hint)
			}
			lines[i] = mended
		}
	}
	return nil
}

// sameError reports whether the lines are refused as err says.
func sameError(lines []string, err error) bool {
	_, now := decode([]byte(strings.Join(lines, "\n")))
	return now != nil && now.Error() == err.Error()
}

// oddBlanks are the blanks of other scripts and of word processors.
const oddBlanks = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u3000\ufeff"

func oddBlank(line string) (int, string) {
	at := strings.IndexAny(line, oddBlanks)
	return at, strings.Map(func(r rune) rune {
		if strings.ContainsRune(oddBlanks, r) {
			return ' '
		}
		return r
	}, line)
}

func oddQuote(line string) (int, string) {
	at := strings.IndexAny(line, "“”„‘’")
	return at, strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‘", "'", "’", "'").Replace(line)
}

// quotedValue matches a line whose value starts with a text in quotes and goes on.
var quotedValue = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\s*(?:- +)*(?:[^\s"'#][^"'#]*?: +)?)("(?:\\.|[^"\\])*"|'(?:''|[^'])*')\s*([^\s#:].*)$`)
})

func behindQuote(line string) (int, string) {
	m := quotedValue().FindStringSubmatchIndex(line)
	if m == nil {
		return -1, line
	}
	return m[6], line[:m[3]] + "x"
}

func quotedStart(line string) int { return quotedValue().FindStringSubmatchIndex(line)[3] }

// quoteAll returns a text as YAML in quotes.
func quoteAll(text string) string {
	if !strings.Contains(text, "'") {
		return "'" + text + "'"
	}
	if !strings.ContainsAny(text, `"\`) {
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// special is where a line stops being YAML, by what yaml.v3 says of it.
var special = sync.OnceValue(func() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"did not find expected alphabetic or numeric character": regexp.MustCompile(`(?:^|: +|- +|\[ *|, *)([*&][^\s,\]}]*)`),
		"found character that cannot start any token":           regexp.MustCompile("^(?:\\s*(?:- +)*(?:[^\\s:]+: +)?|.*[\\[{,] *|.*: +)([@`%])"),
		"found unknown escape character":                        regexp.MustCompile(`^(?:[^\\]|\\[0abtnvfre "/\\N_LPxuU\t])*(\\[^0abtnvfre "/\\N_LPxuU\t])`),
		"mapping values are not allowed in this context":        regexp.MustCompile(`^\s*(?:- +)*[^\s"'{\[][^"'{\[]*?: +[^\s"'{\[|>&*!#].*?(: )`),
	}
})

// specialError returns the error for a character that means something to YAML in
// the line that yaml.v3 names, or nil.
func (d *document) specialError(msg string, n int) *Error {
	pattern := special()[msg]
	if pattern == nil || n < 1 || n > len(d.lines) {
		return nil
	}
	line := d.lines[n-1]
	m := pattern.FindStringSubmatchIndex(line)
	if m == nil {
		return nil
	}
	found := line[m[2]:m[3]]
	e := Errorf(Pos{File: d.file, Line: n, Col: m[2] + 1}, "%w: %s", ErrSyntax, msg)
	switch found[0] {
	case '*', '&':
		e.Msg += ": a bare " + found[:1] + " means an anchor"
		e.Hint = "put the value in quotes: " + strconv.Quote(found)
	case '\\':
		e.Msg += " " + found
		e.Hint = "in double quotes a backslash is written twice; in single quotes it stands for itself"
	case ':':
		e.Hint = "quote a value that contains \": \""
	default:
		e.Hint = "quote a value that starts with " + found
	}
	return e
}
