package result

import (
	"bytes"
	"strings"
	"testing"
)

func TestTableIsAligned(t *testing.T) {
	got := Table([]Line{{"A", "16 tasks", "1.0s", "ansible 100 s", "100 ×", "≥ 100 ×", "yes"}})
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines:\n%s", len(lines), got)
	}
	for _, l := range lines {
		if len([]rune(l)) != len([]rune(lines[0])) {
			t.Errorf("not aligned:\n%s", got)
		}
	}
}

func TestRecordsTravel(t *testing.T) {
	var wire bytes.Buffer
	sent := []Record{{Line: &Line{Part: "A", Goal: "≥ 1"}}, {Text: "two\nlines"}}
	for _, r := range sent {
		if err := Send(&wire, r); err != nil {
			t.Fatal(err)
		}
	}
	var got []Record
	if err := Receive(&wire, func(r Record) error { got = append(got, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Line.Goal != "≥ 1" || got[1].Text != "two\nlines" {
		t.Errorf("%+v", got)
	}
}
