package storage

import (
	"encoding/json"
	"testing"
)

// TestTold holds how a size stands in a result: a whole one is a floating number too, for
// templates that divide it or print it.
func TestTold(t *testing.T) {
	for said, want := range map[string]string{"51200kiB": `51200.0 KiB`, "0.10GiB": `0.1 GiB`, "17.0kB": `17.0 KB`,
		"100%": `100.0 %`, "204800s": `204800.0 s`, "401cyl": `401.0 cyl`, "401,144,1": `{"cylinder":401,"head":144,"sector":1} chs`} {
		size, unit, err := told(said)
		data, _ := json.Marshal(size)
		if got := string(data) + " " + unit; err != nil || got != want {
			t.Errorf("told(%q) = %s, %v; want %s", said, got, err, want)
		}
	}
	for _, said := range []string{"", "kiB", "1,2,x"} {
		if size, _, err := told(said); err == nil {
			t.Errorf("told(%q) = %v", said, size)
		}
	}
}
