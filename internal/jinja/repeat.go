package jinja

import (
	"strings"
)

// checkSize refuses texts and lists beyond the limits.
func checkSize(v any) error {
	n := 0
	switch x := v.(type) {
	case string:
		if len(x) > maxOutput {
			return textTooLarge()
		}
	case []any:
		n = len(x)
	case Tuple:
		n = len(x)
	}
	if n > maxItems {
		return newError("the list would have more than %d elements", maxItems)
	}
	return nil
}

func repeat(v any, n int) (any, error) {
	n = max(n, 0)
	switch x := v.(type) {
	case string:
		if n > 0 && len(x) > maxOutput/n {
			return nil, textTooLarge()
		}
		return strings.Repeat(x, n), nil
	case []any:
		return repeatList(x, n)
	case Tuple:
		l, err := repeatList(x, n)
		return Tuple(l), err
	}
	return nil, opError("*", v, n)
}

func repeatList(l []any, n int) ([]any, error) {
	if n > 0 && len(l) > maxItems/n {
		return nil, newError("the list would have more than %d elements", maxItems)
	}
	out := make([]any, 0, len(l)*n)
	for range n {
		out = append(out, l...)
	}
	return out, nil
}
