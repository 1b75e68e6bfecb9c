package nearest

import "testing"

func TestName(t *testing.T) {
	for name, want := range map[string]string{"stat": "state", "nmae": "name", "xyz": "", "dset": "dest", "x": "", "": ""} {
		if got, _ := Name(name, []string{"state", "name", "dest", "o"}); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
