package inventory

import (
	"os"
	"strings"
	"testing"
)

// TestGroupNames: what becomes of names that no variable can have, in an inventory
// and at run time.
func TestGroupNames(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "[a-b]\nh1 x=1\n[top.1:children]\na-b\n[a-b:vars]\ny=2\n"
	if err := os.WriteFile("hosts", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		names               GroupNames
		groups, added, said string
	}{
		{"", "a-b,top.1", "a-b,c-d,top.1", ""},
		{KeepNames, "a-b,top.1", "a-b,c-d,top.1", ""},
		{WarnNames, "a-b,top.1", "a-b,c-d,top.1", "Invalid characters were found in group names but not replaced: a-b, top.1"},
		{ReplaceNames, "a_b,top_1", "a_b,c_d,top_1", "Invalid characters were found in group names and automatically replaced: a-b, top.1"},
		{SilentlyNames, "a_b,top_1", "a_b,c_d,top_1", ""},
	} {
		inv, err := Loader{GroupNames: c.names}.Load("hosts")
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, w := range inv.Warnings() {
			said += w.Error()
		}
		if got := strings.Join(inv.GroupNames("h1"), ","); got != c.groups || said != c.said {
			t.Errorf("%s: %s, %q", c.names, got, said)
		}
		if layers, err := inv.Layers("h1", ""); err != nil || len(layers) != 2 {
			t.Errorf("%s: %d layers, %v", c.names, len(layers), err)
		}
		changed, err := inv.AddHost("h1", "c-d")
		again, err2 := inv.AddGroup("c-d", nil, "h1")
		if got := strings.Join(inv.GroupNames("h1"), ","); !changed || again || err != nil || err2 != nil || got != c.added {
			t.Errorf("%s: %s, %v, %v, %v, %v", c.names, got, changed, again, err, err2)
		}
	}
}
