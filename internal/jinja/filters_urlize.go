package jinja

import (
	"regexp"
	"strings"
)

var (
	blanks   = regexp.MustCompile(`\s+`)
	mailText = regexp.MustCompile(`^\S+@[\pL\pN_][\pL\pN_.-]*\.[\pL\pN_]+$`)
	linkText = regexp.MustCompile(`(?i)^(?:(?:https?://|www\.)(?:[\pL\pN_%-]+\.)*(?:[a-z]{2,63}|xn--[\pL\pN_%]{2,59})` +
		`|(?:[\pL\pN_%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)` +
		`|https?://(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}]))` +
		`(?::\d{1,5})?(?:[/?#]\S*)?$`)
	schemeText = regexp.MustCompile(`^(?:[\pL\pN_.+-]{2,}:(?://)?)$`)
)

// linker makes links of the addresses in a text.
type linker struct {
	attrs   string
	limit   int // of the text shown; -1 for none
	schemes []string
}

func filterUrlize(c *Context, v any, a []any) (any, error) {
	s, err := c.str(v)
	if err != nil {
		return nil, err
	}
	l, err := c.newLinker(a)
	if err != nil {
		return nil, err
	}
	s = escape(s)
	w := output{rt: &render{}}
	at := 0
	for _, m := range append(blanks.FindAllStringIndex(s, -1), []int{len(s), len(s)}) {
		if err := w.write(l.word(s[at:m[0]]) + s[m[0]:m[1]]); err != nil {
			return nil, err
		}
		at = m[1]
	}
	return w.String(), nil
}

// newLinker reads trim_url_limit, nofollow, target, rel and extra_schemes.
func (c *Context) newLinker(a []any) (*linker, error) {
	l := &linker{limit: -1}
	var err error
	if a[0] != nil {
		if l.limit, err = intArg("trim_url_limit", a[0]); err != nil {
			return nil, err
		}
	}
	rel := map[string]bool{"noopener": true}
	nofollow, err := Truth(a[1])
	if err != nil {
		return nil, err
	}
	if nofollow {
		rel["nofollow"] = true
	}
	if a[3] != nil {
		for _, r := range strings.Fields(Str(a[3])) {
			rel[r] = true
		}
	}
	var names []string
	for r := range rel {
		names = append(names, r)
	}
	l.attrs = ` rel="` + escape(strings.Join(sorted(names), " ")) + `"`
	if ok, err := Truth(a[2]); err != nil {
		return nil, err
	} else if ok {
		l.attrs += ` target="` + escape(Str(a[2])) + `"`
	}
	if a[4] == nil {
		return l, nil
	}
	schemes, err := c.iterate(a[4])
	for _, s := range schemes {
		if l.schemes = append(l.schemes, Str(s)); !schemeText.MatchString(Str(s)) {
			return nil, newError("%s does not start an address", Repr(s)).WithHint(`write "tel:" or "ftp://"`)
		}
	}
	return l, err
}

// word makes a link of a word, without the punctuation around it.
func (l *linker) word(word string) string {
	from, to := 0, len(word)
	for cut := true; cut; {
		cut = false
		for _, open := range []string{"(", "<", "&lt;"} {
			if strings.HasPrefix(word[from:], open) {
				from, cut = from+len(open), true
			}
		}
	}
	for cut := true; cut; {
		cut = false
		for _, end := range []string{")", ">", ".", ",", "&gt;"} {
			if strings.HasSuffix(word[from:to], end) {
				to, cut = to-len(end), true
			}
		}
	}
	head, middle, tail := word[:from], word[from:to], word[to:]
	for _, pair := range [][2]string{{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}} {
		open := strings.Count(middle, pair[0])
		if open <= strings.Count(middle, pair[1]) {
			continue
		}
		moved := 0
		for range min(open, strings.Count(tail, pair[1])) {
			moved += strings.Index(tail[moved:], pair[1]) + len(pair[1])
		}
		middle, tail = middle+tail[:moved], tail[moved:]
	}
	return head + l.link(middle) + tail
}

func (l *linker) link(s string) string {
	switch mail, isMail := strings.CutPrefix(s, "mailto:"); {
	case linkText.MatchString(s):
		target := s
		if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
			target = "https://" + s
		}
		shown := s
		if short := firstRunes(s, l.limit); l.limit >= 0 && short != s {
			shown = short + "..."
		}
		return `<a href="` + target + `"` + l.attrs + `>` + shown + `</a>`
	case isMail && mailText.MatchString(mail):
		return `<a href="` + s + `">` + mail + `</a>`
	case strings.Contains(s, "@") && !strings.HasPrefix(s, "www.") && !strings.Contains(s, ":") && mailText.MatchString(s):
		return `<a href="mailto:` + s + `">` + s + `</a>`
	}
	for _, scheme := range l.schemes {
		if s != scheme && strings.HasPrefix(s, scheme) {
			s = `<a href="` + s + `"` + l.attrs + `>` + s + `</a>`
		}
	}
	return s
}
