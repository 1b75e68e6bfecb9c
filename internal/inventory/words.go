package inventory

import (
	"errors"
	"strings"
)

// shellWord is a word of a host's line, without its quotes.
type shellWord struct {
	text  string
	start int
}

// shellWords splits a line as a shell does: quotes hold blanks together, a
// backslash takes the next character as it is, # starts a comment.
func shellWords(line string) ([]shellWord, error) {
	var words []shellWord
	for i := 0; i < len(line); {
		switch line[i] {
		case ' ', '\t', '\r':
			i++
			continue
		case '#':
			return words, nil
		}
		text, end, err := shellWordAt(line, i)
		if err != nil {
			return nil, err
		}
		words = append(words, shellWord{text, i})
		i = end
	}
	return words, nil
}

// shellWordAt returns the word that starts at i, and where it ends.
func shellWordAt(line string, i int) (string, int, error) {
	var b strings.Builder
	quote := byte(0)
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == 0 && (c == ' ' || c == '\t' || c == '\r' || c == '#'):
			return b.String(), i, nil
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'':
			if i+1 == len(line) {
				return "", 0, errors.New("a backslash at the end")
			}
			if quote == '"' && line[i+1] != '"' && line[i+1] != '\\' {
				b.WriteByte(c)
			}
			i++
			b.WriteByte(line[i])
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", 0, errors.New("a quote is never closed")
	}
	return b.String(), i, nil
}
