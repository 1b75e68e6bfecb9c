package report

import (
	"fmt"
	"strings"
)

// piece is a host's line below a task, and what stands below that line.
type piece struct {
	word  string // "ok", "changed", ...
	color color
	host  string
	via   string // the host it really ran on, or empty
	tail  string // behind the host
	body  []string
	alone bool // never shares its line with other hosts
	says  bool // has a message behind the host
}

// message is a text that stands behind the host where it is one line, and
// below where it is more.
type message []string

// messageOf returns a target's or a module's text as a message.
func messageOf(text string) message { return lines(text) }

const indent = "    "

// piece returns a piece with the message in its place.
func (t *Text) piece(word string, c color, host, label string, m message) piece {
	p := piece{word: word, color: c, host: host}
	if label != "" {
		p.tail = " => (item=" + label + ")"
	}
	if len(m) == 1 {
		p.tail += ": " + m[0]
		p.says = true
	} else {
		p.body = indented(m)
	}
	return p
}

func indented(list []string) []string {
	out := make([]string, len(list))
	for i, line := range list {
		out[i] = strings.TrimRight(indent+line, " ")
	}
	return out
}

// bare reports whether the piece says nothing but its word, host and item.
func (p *piece) bare() bool { return !p.says && !p.alone && len(p.body) == 0 }

// who returns the host as it stands in its own line.
func (p *piece) who() string {
	if p.via != "" {
		return "[" + p.host + " -> " + p.via + "]"
	}
	return "[" + p.host + "]"
}

func (p *piece) text(s style, who string) []string {
	return append([]string{s.paint(p.color, p.word+": "+who+p.tail)}, p.body...)
}

// printFolded prints pieces that differ in their host only as one.
func (t *Text) printFolded(pieces []piece) {
	hosts := map[string][]string{}
	var first []piece
	for _, p := range pieces {
		key := p.word + p.via + "\x00" + p.tail + "\x00" + strings.Join(p.body, "\n")
		if hosts[key] == nil {
			first = append(first, p)
		}
		hosts[key] = append(hosts[key], p.host)
	}
	for _, p := range first {
		key := p.word + p.via + "\x00" + p.tail + "\x00" + strings.Join(p.body, "\n")
		who := p.who()
		if n := len(hosts[key]); n > 1 {
			who = fmt.Sprintf("%s (%d hosts)", Ranges(hosts[key]), n)
			if p.via != "" {
				who += " -> " + p.via
			}
		}
		t.print(p.text(t.style, who)...)
	}
}
