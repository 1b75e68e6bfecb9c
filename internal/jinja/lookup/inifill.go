package lookup

import (
	"fmt"
	"strings"

	"fleet/internal/jinja"
)

// maxFills is how deep values may refer to values.
const maxFills = 10

// fill returns a value with %(name)s replaced by the value of that name, and %% by
// %.
func fill(text string, values *jinja.Map, exact bool, depth int) (string, error) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "%")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		if rest, ok := strings.CutPrefix(after, "%"); ok {
			out.WriteByte('%')
			text = rest
			continue
		}
		name, rest, ok := strings.Cut(strings.TrimPrefix(after, "("), ")s")
		if !strings.HasPrefix(after, "(") || !ok {
			return "", fmt.Errorf("%q: a %% is %%%%, or the begin of %%(name)s", text)
		}
		if !exact {
			name = strings.ToLower(name)
		}
		v, ok := values.Get(name)
		if !ok {
			return "", fmt.Errorf("%%(%s)s: there is no such name in the section", name)
		}
		if depth == 0 {
			return "", fmt.Errorf("%%(%s)s: the values refer to each other without end", name)
		}
		part, _ := v.(string) // a name without a value stands for nothing
		part, err := fill(part, values, exact, depth-1)
		if err != nil {
			return "", err
		}
		out.WriteString(part)
		text = rest
	}
}
