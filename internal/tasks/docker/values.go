package docker

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"

	"fleet/internal/tasks/sys"
)

// size reads "512M", "2G", "1024" in bytes; "unlimited" is -1.
func size(name, text string) (int64, error) {
	if strings.EqualFold(text, "unlimited") || text == "-1" {
		return -1, nil
	}
	n, err := units.RAMInBytes(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is no size: want a number and one of B, K, M, G, T", name, text)
	}
	return n, nil
}

// duration reads "1m30s". Empty is 0.
func duration(name, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s: %q is no duration\nhint: write it with a unit, as 30s or 1m30s", name, text)
	}
	return d, nil
}

// ulimit reads "name:soft[:hard]".
func ulimit(text string) (*units.Ulimit, error) {
	parts := strings.Split(strings.Replace(text, "=", ":", 1), ":")
	wrong := fmt.Errorf("ulimits: %q: want name:soft:hard", text)
	if len(parts) < 2 || len(parts) > 3 {
		return nil, wrong
	}
	soft, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return nil, wrong
	}
	hard := soft
	if len(parts) == 3 {
		if hard, err = strconv.ParseInt(parts[2], 10, 64); err != nil {
			return nil, wrong
		}
	}
	return &units.Ulimit{Name: parts[0], Soft: soft, Hard: hard}, nil
}

// command reads a command given as a list or as text.
func command(name string, v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		out, err := sys.Split(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return out, nil
	case []any:
		out := make([]string, len(v))
		for i, item := range v {
			text, err := plain(item)
			if err != nil {
				return nil, fmt.Errorf("%s[%d] %w", name, i, err)
			}
			out[i] = text
		}
		return out, nil
	}
	text, err := plain(v)
	if err != nil {
		return nil, fmt.Errorf("%s %w", name, err)
	}
	return []string{text}, nil
}

// plain returns text and whole numbers as text. What YAML reads as something
// else may not be what was meant, so it is refused.
func plain(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case nil:
		return "", nil
	case bool:
		return "", fmt.Errorf("is the boolean %t: quote it to say which text is meant", v)
	case float64:
		return "", fmt.Errorf("is the number %v: quote it to say which text is meant", v)
	}
	return "", fmt.Errorf("is not text")
}

// texts writes values as the engine does: true and 1500.
func texts(m map[string]any) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		if v != nil {
			out[k] = fmt.Sprint(v)
		} else {
			out[k] = ""
		}
	}
	return out
}
