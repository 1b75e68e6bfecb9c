package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// class names a value's type as Ansible's messages do.
func class(v any) string {
	name := "str"
	switch v.(type) {
	case nil:
		name = "NoneType"
	case bool:
		name = "bool"
	case int:
		name = "int"
	case float64:
		name = "float"
	case []any:
		name = "list"
	case *jinja.Map, jinja.Mapping:
		name = "dict"
	}
	return "<class '" + name + "'>"
}

// toType converts a value to a type of an argument specification.
func toType(kind string, v any) (any, error) {
	switch kind {
	case "raw":
		return v, nil
	case "str", "path", "bytes", "bits":
		return toText(kind, v)
	case "int":
		return toInt(v)
	case "float":
		return toFloat(v)
	case "bool":
		return toTruth(v)
	case "list":
		return toList(v)
	case "dict":
		return toDict(v)
	case "json", "jsonarg":
		if v == nil {
			return nil, fmt.Errorf("%s cannot be converted to a json string", class(v))
		}
		return v, nil
	}
	return nil, fmt.Errorf("there is no type %q", kind)
}

func toText(kind string, v any) (any, error) {
	if v == nil {
		return nil, fmt.Errorf("'None' is not a string and conversion is not allowed")
	}
	text := jinja.Str(v)
	if kind == "bytes" || kind == "bits" {
		if !amount.MatchString(text) {
			what := map[string]string{"bytes": "Byte", "bits": "Bit"}[kind]
			return nil, fmt.Errorf("%s cannot be converted to a %s value", class(v), what)
		}
	}
	return text, nil
}

// amount is a number of bytes or bits with its unit.
var amount = regexp.MustCompile(`(?i)^\s*[0-9]+(\.[0-9]+)?\s*([YZEPTGMK]?i?(b|bits?|bytes?)?)\s*$`)

func toInt(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return v, nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case float64:
		if v == float64(int(v)) {
			return int(v), nil
		}
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%q cannot be converted to an int", jinja.Str(v))
}

func toFloat(v any) (any, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case int:
		return float64(v), nil
	case string:
		if f, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s cannot be converted to a float", class(v))
}

func toTruth(v any) (any, error) {
	if f, isFloat := v.(float64); isFloat && (f == 0 || f == 1) {
		return f == 1, nil
	}
	if b, ok := asBool(v); ok && v != "" {
		return b, nil
	}
	switch v.(type) {
	case string, int, float64:
		said := fmt.Sprintf("The value '%s' is not a valid boolean. ", jinja.Str(v)) // Ansible's words
		return nil, errors.New(said)
	}
	return nil, fmt.Errorf("%s cannot be converted to a bool", class(v))
}

func toList(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case jinja.Tuple:
		return []any(v), nil
	case string:
		var out []any
		for _, part := range strings.Split(v, ",") {
			out = append(out, strings.TrimSpace(part))
		}
		return out, nil
	case int, float64:
		return []any{jinja.Str(v)}, nil
	}
	return nil, fmt.Errorf("%s cannot be converted to a list", class(v))
}

func toDict(v any) (any, error) {
	switch v := v.(type) {
	case *jinja.Map, jinja.Mapping:
		return v, nil
	case string:
		if strings.HasPrefix(strings.TrimSpace(v), "{") && json.Valid([]byte(v)) {
			return jinja.FromJSON([]byte(v))
		}
		pairs, rest, err := playbook.FreeForm(strings.ReplaceAll(v, ",", " "), source.Pos{}, false)
		if err != nil || rest != "" || len(pairs) == 0 {
			return nil, fmt.Errorf("dictionary requested, could not parse JSON or key=value")
		}
		m := jinja.NewMap()
		for _, p := range pairs {
			m.Set(p.Key, p.Value)
		}
		return m, nil
	}
	return nil, fmt.Errorf("%s cannot be converted to a dict", class(v))
}
