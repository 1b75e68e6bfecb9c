package jinja

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var sequenceShort = regexp.MustCompile(`^(?:(\w+)-)?(\w+)(?:/(-?\w+))?(?::(.+))?$`)

// lookupSequence reads `start=1 end=5 stride=2 format=web%02d`, `count=4`, or
// the short form `1-5/2:web%02d`.
func lookupSequence(c *Context, terms []any, kw *Map) ([]any, error) {
	if len(terms) == 0 {
		terms = []any{""}
	}
	out := []any{}
	for _, t := range terms {
		args := map[string]string{}
		for k, v := range kw.All() {
			args[Str(k)] = Str(v)
		}
		text := Str(t)
		if m := sequenceShort.FindStringSubmatch(text); m != nil {
			for i, name := range []string{"start", "end", "stride", "format"} {
				if m[i+1] != "" {
					args[name] = m[i+1]
				}
			}
		} else {
			for _, f := range strings.Fields(text) {
				k, v, ok := strings.Cut(f, "=")
				if !ok {
					return nil, newError("the lookup \"sequence\" cannot read %s", Repr(f)).WithHint("write start=… end=… stride=… format=…, or count=…")
				}
				args[k] = v
			}
		}
		var err error
		if out, err = c.sequence(out, args); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func either(both bool) string {
	if both {
		return "can't specify both count and end in with_sequence"
	}
	return "must specify count or end in with_sequence"
}

func (c *Context) sequence(out []any, args map[string]string) ([]any, error) {
	n := map[string]int{"start": 1, "stride": 1}
	for name, text := range args {
		if name == "format" {
			continue
		}
		if !slices.Contains([]string{"start", "end", "stride", "count"}, name) {
			return nil, newError("unrecognized arguments to with_sequence: [%s]", Repr(name)).WithHint("it has start, end, stride, count and format")
		}
		i, err := strconv.ParseInt(text, 0, 64)
		if err != nil {
			return nil, newError("Invalid type for %s: the lookup \"sequence\" wants a number, not %s", name, Repr(text))
		}
		n[name] = int(i)
	}
	_, hasEnd := args["end"]
	_, hasCount := args["count"]
	switch {
	case hasEnd == hasCount:
		return nil, newError("%s", either(hasEnd)).WithHint("end is the last number, count is how many there are")
	case hasCount && n["count"] == 0:
		return out, nil
	case hasCount:
		n["end"] = n["start"] + n["count"]*n["stride"] - n["stride"]
	}
	start, end, step := n["start"], n["end"], n["stride"]
	switch {
	case step > 0 && end < start:
		return nil, newError("to count backwards make stride negative").WithHint("it would end at %d, below %d", end, start)
	case step < 0 && end > start:
		return nil, newError("to count forward don't make stride negative").WithHint("it would end at %d, above %d", end, start)
	case step == 0:
		return out, nil
	case abs((end-start)/step) > maxRange:
		return nil, newError("the lookup \"sequence\" would have more than %d numbers", maxRange)
	}
	format := args["format"]
	if format == "" {
		format = "%d"
	}
	if !strings.Contains(format, "%") {
		return nil, newError("bad formatting string: %s", format).WithHint("write %%d, or %%02d, where the number is to stand")
	}
	for i := start; step > 0 && i <= end || step < 0 && i >= end; i += step {
		v, err := percentFormat(format, i)
		if err != nil {
			return nil, newError("bad formatting string: %s", format).WithHint("%s", err)
		}
		if err := c.charge(32 + len(v.(string))); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
