package jinja

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var sequenceShort = regexp.MustCompile(`^(?:(0?x?[0-9a-f]+)-)?(0?x?[0-9a-f]+)(?:/(-?0?x?[0-9a-f]+))?(?::(.+))?$`)

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

func (c *Context) sequence(out []any, args map[string]string) ([]any, error) {
	n := map[string]int{"start": 1, "stride": 1}
	for name, text := range args {
		if name == "format" {
			continue
		}
		if !slices.Contains([]string{"start", "end", "stride", "count"}, name) {
			return nil, newError("the lookup \"sequence\" has no argument %q", name)
		}
		i, err := strconv.ParseInt(text, 0, 64)
		if err != nil {
			return nil, newError("the lookup \"sequence\": %s=%s is no number", name, text)
		}
		n[name] = int(i)
	}
	_, hasEnd := args["end"]
	_, hasCount := args["count"]
	switch {
	case hasEnd == hasCount:
		return nil, newError("the lookup \"sequence\" needs either end or count")
	case hasCount && n["count"] == 0:
		return out, nil
	case hasCount:
		n["end"] = n["start"] + n["count"]*n["stride"] - n["stride"]
	}
	start, end, step := n["start"], n["end"], n["stride"]
	switch {
	case step > 0 && end < start:
		return nil, newError("the lookup \"sequence\" counts up, but ends at %d, below %d", end, start).WithHint("use a negative stride to count down")
	case step < 0 && end > start:
		return nil, newError("the lookup \"sequence\" counts down, but ends at %d, above %d", end, start)
	case step == 0:
		return out, nil
	case abs((end-start)/step) > maxRange:
		return nil, newError("the lookup \"sequence\" would have more than %d numbers", maxRange)
	}
	format := args["format"]
	if format == "" {
		format = "%d"
	}
	for i := start; step > 0 && i <= end || step < 0 && i >= end; i += step {
		v, err := percentFormat(format, i)
		if err != nil {
			return nil, err
		}
		if err := c.charge(32 + len(v.(string))); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
