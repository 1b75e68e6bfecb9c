package files

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	for _, c := range []struct{ text, format, want string }{
		{"202401020304.05", "%Y%m%d%H%M.%S", "2024-01-02 03:04:05"},
		{"2024-02-29", "%Y-%m-%d", "2024-02-29 00:00:00"},
		{"2023-02-29", "%Y-%m-%d", ""},
		{"2024-02-2", "%Y-%m-%d", ""},
		{"2024-02-29x", "%Y-%m-%d", ""},
		{"2024/02/29", "%Y-%m-%d", ""},
		{"24-02-29", "%y-%m-%d", ""},
		{"25:00", "%H:%M", ""},
	} {
		got, err := parseTime(c.text, c.format)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s as %s was taken: %v", c.text, c.format, got)
			}
			continue
		}
		if err != nil || got.Format(time.DateTime) != c.want {
			t.Errorf("%s as %s: got %v, %v", c.text, c.format, got, err)
		}
	}
}
