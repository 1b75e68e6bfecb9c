package report

import "fleet/internal/event"

// color is the parameter of an SGR escape sequence (ECMA-48, 8.3.117).
type color string

const (
	noColor color = ""
	bold    color = "1"
	dim     color = "2"
	red     color = "31"
	green   color = "32"
	yellow  color = "33"
	magenta color = "35"
	cyan    color = "36"
	alarm   color = "1;31"
)

// style paints, or does not.
type style struct{ on bool }

func (s style) paint(c color, text string) string {
	if !s.on || c == noColor || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

func outcomeColor(o event.Outcome) color {
	switch o {
	case event.OK:
		return green
	case event.Changed:
		return yellow
	case event.Skipped:
		return cyan
	case event.Unreachable:
		return alarm
	}
	return red
}

// UseColor decides whether to write colours to a stream: NO_COLOR (no-color.org)
// forbids them, CLICOLOR_FORCE and FORCE_COLOR ask for them anywhere, and
// otherwise a terminal that is not dumb gets them.
func UseColor(terminal bool, getenv func(string) string) bool {
	if getenv("NO_COLOR") != "" {
		return false
	}
	for _, name := range []string{"CLICOLOR_FORCE", "FORCE_COLOR"} {
		if v := getenv(name); v != "" && v != "0" {
			return true
		}
	}
	return terminal && getenv("TERM") != "dumb"
}
