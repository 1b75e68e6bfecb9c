package jinja

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// timeFilters format and read times.
var timeFilters = []filter{
	{name: "strftime", params: "second=none utc=false", fn: filterStrftime},
	{name: "to_datetime", params: "format=none", fn: func(_ *Context, v any, a []any) (any, error) {
		s, err := textArg("value", v)
		if err != nil {
			return nil, err
		}
		format := "%Y-%m-%d %H:%M:%S"
		if a[0] != nil {
			if format, err = textArg("format", a[0]); err != nil {
				return nil, err
			}
		}
		return strptime(s, format)
	}},
}

func filterStrftime(c *Context, v any, a []any) (any, error) {
	format, err := textArg("format", v)
	if err != nil {
		return nil, err
	}
	utc, err := Truth(a[1])
	if err != nil {
		return nil, err
	}
	t := c.now()
	if a[0] != nil {
		_, f, _, ok := num(a[0])
		if s, isText := a[0].(string); isText {
			f, ok = parseFloat(s)
		}
		if !ok {
			return nil, newError("Invalid value for epoch value (%s)", Str(a[0])).WithHint("the value is seconds since 1970")
		}
		if f > maxEpoch || f < -maxEpoch || math.IsNaN(f) {
			return nil, newError("Invalid value for epoch value (%s)", Str(a[0])).WithHint("the year must be from 1 to 9999")
		}
		t = time.UnixMicro(int64(f * 1e6))
	}
	if utc {
		t = t.UTC()
	} else {
		t = t.Local()
	}
	return strftime(t, format)
}

// maxEpoch bounds seconds since 1970 to the years that are written with four digits.
const maxEpoch = 62135596800

// strftime formats a time as C's strftime in the C locale.
func strftime(t time.Time, format string) (any, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		strip := false
		if format[i] == '-' && i+1 < len(format) {
			strip = true
			i++
		}
		s, ok := strftimeOne(t, format[i])
		if !ok {
			s = "%" + format[i:i+1]
		}
		if strip {
			if s = strings.TrimLeft(s, "0 "); s == "" {
				s = "0"
			}
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func strftimeOne(t time.Time, verb byte) (string, bool) {
	if layout, ok := map[byte]string{
		'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02",
		'D': "01/02/06", 'e': "_2", 'F': "2006-01-02", 'H': "15", 'I': "03", 'm': "01", 'M': "04", 'p': "PM", 'r': "03:04:05 PM",
		'R': "15:04", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06", 'Y': "2006", 'z': "-0700", 'Z': "MST",
	}[verb]; ok {
		s := t.Format(layout)
		if verb == 'Z' && s == "UTC" {
			return "GMT", true
		}
		return s, true
	}
	switch verb {
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'f':
		return fmt.Sprintf("%06d", t.Nanosecond()/1000), true
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay()), true
	case 's':
		return strconv.FormatInt(t.Unix(), 10), true
	case 'k':
		return fmt.Sprintf("%2d", t.Hour()), true
	case 'l':
		return fmt.Sprintf("%2d", (t.Hour()+11)%12+1), true
	case 'C':
		return fmt.Sprintf("%02d", t.Year()/100), true
	case 'u':
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1), true
	case 'w':
		return strconv.Itoa(int(t.Weekday())), true
	case 'U':
		return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7), true
	case 'W':
		return fmt.Sprintf("%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7), true
	case 'G', 'g', 'V':
		year, week := t.ISOWeek()
		return map[byte]string{'G': strconv.Itoa(year), 'g': fmt.Sprintf("%02d", year%100), 'V': fmt.Sprintf("%02d", week)}[verb], true
	}
	return "", false
}

// strptime reads a time as Python's datetime.strptime. Times have no zone of
// their own; an offset (%z) is kept.
func strptime(s, format string) (any, error) {
	p := &timeParser{s: s, year: 1900, month: 1, day: 1, zone: time.UTC}
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case c == '%' && i+1 < len(format):
			i++
			if err := p.directive(format[i]); err != nil {
				return nil, err
			}
		case c == ' ' || c == '\t' || c == '\n':
			trimmed := strings.TrimLeft(p.s, " \t\n")
			if trimmed == p.s {
				return nil, p.mismatch(s, format)
			}
			p.s = trimmed
		case p.s == "" || p.s[0] != c:
			return nil, p.mismatch(s, format)
		default:
			p.s = p.s[1:]
		}
		if p.bad {
			return nil, p.mismatch(s, format)
		}
	}
	if p.s != "" {
		return nil, newError("the time %s has more than the format %s", Repr(s), Repr(format))
	}
	if p.pm && p.hour < 12 {
		p.hour += 12
	} else if p.am && p.hour == 12 {
		p.hour = 0
	}
	t := time.Date(p.year, time.Month(p.month), p.day, p.hour, p.minute, p.second, p.micro*1000, p.zone)
	if p.yearDay > 0 {
		t = t.AddDate(0, 0, p.yearDay-1)
	} else if t.Day() != p.day {
		return nil, newError("there is no day %d in that month", p.day)
	}
	return t, nil
}

type timeParser struct {
	s                                             string
	year, month, day, hour, minute, second, micro int
	yearDay                                       int
	am, pm, bad                                   bool
	zone                                          *time.Location
}

func (p *timeParser) mismatch(s, format string) error {
	return newError("the time %s does not fit the format %s", Repr(s), Repr(format))
}

func (p *timeParser) number(digits, low, high int) int {
	n := 0
	for n < digits && n < len(p.s) && p.s[n] >= '0' && p.s[n] <= '9' {
		n++
	}
	v, err := strconv.Atoi(p.s[:n])
	if err != nil || v < low || v > high {
		p.bad = true
	}
	p.s = p.s[n:]
	return v
}

func (p *timeParser) name(names func(i int) string, n int, short bool) int {
	for i := range n {
		name := names(i)
		if short {
			name = name[:3]
		}
		if len(p.s) >= len(name) && strings.EqualFold(p.s[:len(name)], name) {
			p.s = p.s[len(name):]
			return i
		}
	}
	p.bad = true
	return 0
}

func (p *timeParser) directive(verb byte) error {
	month := func(i int) string { return time.Month(i + 1).String() }
	weekday := func(i int) string { return time.Weekday(i).String() }
	switch verb {
	case 'Y':
		p.year = p.number(4, 1, 9999)
	case 'y':
		if p.year = p.number(2, 0, 99) + 1900; p.year < 1969 {
			p.year += 100
		}
	case 'm':
		p.month = p.number(2, 1, 12)
	case 'd':
		p.day = p.number(2, 1, 31)
	case 'H':
		p.hour = p.number(2, 0, 23)
	case 'I':
		p.hour = p.number(2, 1, 12)
	case 'M':
		p.minute = p.number(2, 0, 59)
	case 'S':
		p.second = p.number(2, 0, 61)
	case 'j':
		p.yearDay = p.number(3, 1, 366)
	case 'f':
		before := len(p.s)
		n := p.number(6, 0, 999999)
		for range 6 - (before - len(p.s)) {
			n *= 10
		}
		p.micro = n
	case 'b', 'B':
		p.month = p.name(month, 12, verb == 'b') + 1
	case 'a', 'A':
		p.name(weekday, 7, verb == 'a')
	case 'p':
		p.pm = p.name(func(i int) string { return []string{"AM", "PM"}[i] }, 2, false) == 1
		p.am = !p.pm
	case 'z':
		return p.offset()
	case 'Z':
		p.name(func(i int) string { return []string{"UTC", "GMT"}[i] }, 2, false)
	case '%':
		p.bad = !strings.HasPrefix(p.s, "%")
		p.s = strings.TrimPrefix(p.s, "%")
	case 'T':
		return newError("%q is not a directive for reading times", "%T").WithHint("write %s", "%H:%M:%S")
	default:
		return newError("unknown directive %q for reading times", "%"+string(verb))
	}
	return nil
}

func (p *timeParser) offset() error {
	if strings.HasPrefix(p.s, "Z") {
		p.s = p.s[1:]
		return nil
	}
	for _, layout := range []string{"-07:00", "-0700"} {
		if len(p.s) >= len(layout) {
			if t, err := time.Parse(layout, p.s[:len(layout)]); err == nil {
				p.zone, p.s = t.Location(), p.s[len(layout):]
				return nil
			}
		}
	}
	p.bad = true
	return nil
}
