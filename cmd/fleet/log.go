package main

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/log"
	"github.com/muesli/termenv"
)

// newLog returns the log of what belongs to no run: warnings, and with -vvvv how
// hosts are reached. It writes lines as "warning: what key=value".
func newLog(w io.Writer, color bool) *log.Logger {
	l := log.NewWithOptions(w, log.Options{Level: log.WarnLevel})
	l.SetColorProfile(termenv.Ascii)
	if color {
		l.SetColorProfile(termenv.ANSI)
	}
	styles := log.DefaultStyles()
	for level, name := range map[log.Level]string{log.DebugLevel: "debug:", log.WarnLevel: "warning:"} {
		styles.Levels[level] = lipgloss.NewStyle().SetString(name).Foreground(lipgloss.Color("5"))
	}
	l.SetStyles(styles)
	return l
}

// oneLine keeps a message on a line of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
