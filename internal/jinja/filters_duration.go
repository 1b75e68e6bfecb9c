package jinja

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"fleet/internal/source"
)

// durationFilters are those of the collection community.general that turn a text such
// as "2h 30m" into a number of one unit.
var durationFilters = []filter{
	{name: "to_time_unit", params: "unit=ms year=365 month=30", fn: func(_ *Context, v any, a []any) (any, error) { return inUnits(v, a[0], a[1], a[2]) }},
	{name: "to_milliseconds", params: "*args year=365 month=30", fn: toUnit("ms")},
	{name: "to_seconds", params: "*args year=365 month=30", fn: toUnit("s")},
	{name: "to_minutes", params: "*args year=365 month=30", fn: toUnit("m")},
	{name: "to_hours", params: "*args year=365 month=30", fn: toUnit("h")},
	{name: "to_days", params: "*args year=365 month=30", fn: toUnit("d")},
	{name: "to_weeks", params: "*args year=365 month=30", fn: toUnit("w")},
	{name: "to_months", params: "*args year=365 month=30", fn: toUnit("mo")},
	{name: "to_years", params: "*args year=365 month=30", fn: toUnit("y")},
}

var durationUnits = map[string]int{
	"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000, "mo": 86_400_000, "y": 86_400_000,
}

var durationNames = map[string]string{
	"millisecond": "ms", "msec": "ms", "msecond": "ms", "sec": "s", "second": "s", "hour": "h", "min": "m", "minute": "m",
	"day": "d", "week": "w", "month": "mo", "year": "y",
}

func toUnit(unit string) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		if len(a[2].([]any)) > 0 {
			return nil, newError("the options of this filter are given by name: year and month")
		}
		return inUnits(v, unit, a[0], a[1])
	}
}

// unitSize returns the milliseconds of a unit, of which months and years have a
// number of days that is given.
func unitSize(unit string, year, month any) (any, error) {
	if short, ok := durationNames[strings.TrimRight(unit, "s")]; ok {
		unit = short
	}
	size, ok := durationUnits[unit]
	if !ok {
		e := newError("%q is no unit of time", unit)
		e.Hint = source.DidYouMean(unit, slices.Sorted(maps.Keys(durationNames)))
		if e.Hint == "" {
			e.Hint = "the units are ms, s, m, h, d, w, mo and y, and their names"
		}
		return nil, e
	}
	switch unit {
	case "y":
		return binary("*", size, year)
	case "mo":
		return binary("*", size, month)
	}
	return size, nil
}

// durationPart is a number and a unit. As in the collection's filter, what follows
// the unit is not looked at.
var durationPart = regexp.MustCompile(`^(-?\d+)(\w+)`)

func inUnits(v, unit, year, month any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, newError("a duration is a text such as \"2h 30m\", not %s", describe(v))
	}
	if text == "0" {
		return 0, nil
	}
	name, err := textArg("unit", unit)
	if err != nil {
		return nil, err
	}
	size, err := unitSize(name, year, month)
	if err != nil {
		return nil, err
	}
	var sum any = 0
	for _, part := range strings.Fields(text) {
		m := durationPart.FindStringSubmatch(part)
		if m == nil {
			return nil, newError("%q is no duration", text).WithHint("write a number and a unit, such as 2h 30m")
		}
		n, _ := bigFromText(m[1], 10)
		one, err := unitSize(m[2], year, month)
		if err == nil {
			one, err = binary("*", n, one)
		}
		if err == nil {
			sum, err = binary("+", sum, one)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
	}
	if sum, err = binary("/", sum, size); err != nil {
		return nil, err
	}
	if f, ok := sum.(float64); ok {
		return roundFloat(f, 12), nil
	}
	return sum, nil
}
