package systest

import (
	"reflect"
	"testing"

	"fleet/internal/tasks/sys"
)

func TestParseTranscript(t *testing.T) {
	got, err := ParseTranscript("$ echo \"a b\"\n< in\nout\n\\$ out\n! err\n? 3\n$ true\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{Line: `echo "a b"`, Stdin: "in\n", Output: sys.Output{Stdout: "out\n$ out\n", Stderr: "err\n", Code: 3}},
		{Line: "true"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := ParseTranscript("out\n"); err == nil {
		t.Error("output before the first command was taken")
	}
}

func TestLine(t *testing.T) {
	if got, want := Line([]string{"a", "", "b c"}), `a "" "b c"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
