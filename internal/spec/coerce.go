package spec

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// coerce turns v into the Go type that t stands for: string, int, float64,
// bool, []any or map[string]any, by the rules of Ansible's argument checking.
func coerce(t Type, v any) (any, error) {
	switch t {
	case Str, Path:
		switch v.(type) {
		case []any, map[string]any:
			return nil, mismatch("text", v)
		}
		return text(v), nil
	case Int:
		return toInt(v)
	case Float:
		return toFloat(v)
	case Bool:
		return toBool(v)
	case List:
		return toList(v)
	case Dict:
		return toDict(v)
	}
	return v, nil
}

func mismatch(want string, v any) error {
	return fmt.Errorf("want %s, not the %s %s", want, kind(v), show(v))
}

func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case int, float64:
		return "number"
	case string:
		return "text"
	case []any:
		return "list"
	}
	return "mapping"
}

// show returns a short form of v for a message.
func show(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	if len(data) > 60 {
		return string(data[:57]) + "..."
	}
	return string(data)
}

// text returns a scalar as Python's str() would, because that is what Ansible
// hands to its modules: True, not true.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(v)
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if v == math.Trunc(v) && !strings.ContainsAny(s, "en") {
			s += ".0"
		}
		return s
	}
	return show(v)
}

func toInt(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return v, nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int(v), nil
		}
	case string:
		if i, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return i, nil
		}
	}
	return nil, mismatch("a whole number", v)
}

func toFloat(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return float64(v), nil
	case float64:
		return v, nil
	case string:
		if f, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			return f, nil
		}
	}
	return nil, mismatch("a number", v)
}

func toBool(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case int:
		if v == 0 || v == 1 {
			return v == 1, nil
		}
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "yes", "on", "1", "true", "t", "y":
			return true, nil
		case "no", "off", "0", "false", "f", "n":
			return false, nil
		}
	}
	return nil, mismatch("yes or no", v)
}

func toList(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case string:
		parts := []any{}
		for _, p := range strings.Split(v, ",") {
			parts = append(parts, strings.TrimSpace(p))
		}
		return parts, nil
	case int, float64, bool:
		return []any{v}, nil
	case map[string]any:
		return []any{v}, nil
	}
	return nil, mismatch("a list", v)
}

func toDict(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return v, nil
	case string:
		var m map[string]any
		if err := json.Unmarshal([]byte(v), &m); err == nil {
			return m, nil
		}
		if m, ok := pairs(v); ok {
			return m, nil
		}
	}
	return nil, mismatch("a mapping", v)
}

// pairs reads "a=1, b=2".
func pairs(s string) (map[string]any, bool) {
	m := map[string]any{}
	for _, field := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		k, v, ok := strings.Cut(field, "=")
		if !ok {
			return nil, false
		}
		m[k] = v
	}
	return m, len(m) > 0
}

// Text returns a value of any type as Python's str() would: what a module gets
// for an argument that is text.
func Text(v any) string { return text(v) }
