package web

import (
	"errors"
	"io/fs"
	"strings"

	"fleet/internal/tasks/sys"
)

// netrcLogin returns user and password that the user's netrc (the file that $NETRC
// names, or ~/.netrc) has for a host. One that is not there, or not readable, has none.
func netrcLogin(m *sys.Machine, host string) (user, password string, err error) {
	file, _ := m.Getenv("NETRC")
	if file == "" {
		if file, err = m.Expand("~/.netrc"); err != nil {
			return "", "", nil // without a home there is no such file
		}
	}
	data, err := m.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrInvalid) {
		return "", "", nil
	}
	user, password = readNetrc(string(data), host)
	return user, password, err
}

// readNetrc reads words, as ftp(1) has them: machine NAME or default begins an entry;
// a macro goes on to an empty line.
func readNetrc(text, host string) (user, password string) {
	ours := false
	for text != "" {
		var word string
		if word, text = netrcWord(text); word == "" {
			break
		}
		switch {
		case strings.HasPrefix(word, "#"):
			_, text, _ = strings.Cut(text, "\n")
			continue
		case word == "macdef":
			_, text, _ = strings.Cut(text, "\n\n")
			continue
		}
		if word == "machine" || word == "default" {
			if ours {
				return user, password
			}
			ours = word == "default"
		}
		if word == "default" {
			continue
		}
		var value string
		value, text = netrcWord(text)
		switch {
		case word == "machine":
			ours = strings.EqualFold(value, host)
		case ours && word == "login":
			user = value
		case ours && word == "password":
			password = value
		}
	}
	return user, password
}

// netrcWord takes the next word, which may stand in quotes.
func netrcWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, " \t\r\n")
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		if word, rest, ok = strings.Cut(quoted, `"`); ok {
			return word, rest
		}
	}
	end := strings.IndexAny(text, " \t\r\n")
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}
