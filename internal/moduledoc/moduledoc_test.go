package moduledoc

import (
	"flag"
	"os"
	"strings"
	"testing"

	"fleet/internal/spec"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func greet() *spec.Module {
	return &spec.Module{
		Name: "greet", Names: []string{"test.greet"}, FreeForm: "people", Exclusive: [][]string{{"volume", "tone"}},
		Declares: func() []spec.Arg {
			return []spec.Arg{
				{Name: "people", Aliases: []string{"persons"}, Type: spec.List, Elem: spec.Dict, Required: true, Sub: []spec.Arg{
					{Name: "name", Type: spec.Str, Required: true},
					{Name: "key", Type: spec.Str, Secret: true},
				}},
				{Name: "volume", Type: spec.Int, Default: "3"},
				{Name: "tone", Type: spec.Str, Choices: []string{"warm", "cold"}},
			}
		},
	}
}

func TestPage(t *testing.T) {
	list, err := Pages([]*spec.Module{greet()}, "testdata/greet", "testdata/shared")
	if err != nil {
		t.Fatal(err)
	}
	page := list[0].Markdown()
	compare(t, "testdata/greet.md", page)
	compare(t, "testdata/greet.txt", Plain(page, 60, nil))
	if got := list[0].Synopsis(); got != "greet says hello to people" {
		t.Errorf("the synopsis is %q", got)
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || got != string(want) {
		t.Errorf("%s: got\n%s", path, got)
	}
}

func TestWhatHasNoCommentIsAnError(t *testing.T) {
	m := greet()
	args := append(m.Args(), spec.Arg{Name: "silent", Type: spec.Bool})
	m.Declares = func() []spec.Arg { return args }
	_, err := Pages([]*spec.Module{m}, "testdata/greet", "testdata/shared")
	if err == nil || !strings.Contains(err.Error(), "module greet: the argument silent has no comment") {
		t.Errorf("got %v", err)
	}
	m = &spec.Module{Name: "other"}
	if _, err = Pages([]*spec.Module{m}, "testdata/greet"); err == nil {
		t.Error("a module without a source passed")
	}
}
