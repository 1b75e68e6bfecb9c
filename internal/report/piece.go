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

// alike is lines of many hosts, of which those that differ in their host only are
// kept once.
type alike struct {
	groups []*alikeGroup // in the order of their first lines
	known  map[alikeKey]*alikeGroup
}

type alikeGroup struct {
	first piece
	hosts []string
}

type alikeKey struct{ word, via, tail, body string }

func (a *alike) add(p piece) {
	key := alikeKey{p.word, p.via, p.tail, strings.Join(p.body, "\n")}
	g := a.known[key]
	if g == nil {
		if a.known == nil {
			a.known = map[alikeKey]*alikeGroup{}
		}
		g = &alikeGroup{first: p}
		a.known[key] = g
		a.groups = append(a.groups, g)
	}
	g.hosts = append(g.hosts, p.host)
}

// printAlike prints a line for each group.
func (t *Text) printAlike(a alike) {
	for _, g := range a.groups {
		who := g.first.who()
		if n := len(g.hosts); n > 1 {
			who = fmt.Sprintf("%s (%d hosts)", Ranges(g.hosts), n)
			if g.first.via != "" {
				who += " -> " + g.first.via
			}
		}
		t.print(g.first.text(t.style, who)...)
	}
}
