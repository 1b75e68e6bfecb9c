package lookup

import (
	"context"
	"strings"
	"testing"

	"fleet/internal/jinja"
)

func TestLookupINI(t *testing.T) {
	dir := folder(t, map[string]string{
		"files/full.ini":    "[DEFAULT]\nhome: /srv\n[a]\nDir = %(HOME)s/app\nlog = %(dir)s/log\nshare = 5%%\nwild = 5%\nround = %(round)s\nlost = %(none)s\n",
		"files/bare.ini":    "[a]\nuser = x\nskip\n",
		"files/twice.ini":   "[a]\nname = x\nName = y\n",
		"files/section.ini": "[a]\nx = 1\n[a]\n",
		"files/none.ini":    "x = 1\n",
	})
	for src, want := range map[string]string{
		`lookup('ini', 'log', section='a', file='full.ini')`:                        "/srv/app/log",
		`lookup('ini', 'share', section='a', file='full.ini')`:                      "5%",
		`lookup('ini', 'wild', section='a', file='full.ini', interpolation=false)`:  "5%",
		`query('ini', '^(dir|share)', section='a', file='full.ini', re=true)`:       "['/srv/app', '5%']",
		`lookup('ini', 'wild', section='a', file='full.ini')`:                       `a % is %%, or the begin of %(name)s`,
		`lookup('ini', 'round', section='a', file='full.ini')`:                      "without end",
		`lookup('ini', 'lost', section='a', file='full.ini')`:                       "no such name",
		`lookup('ini', 'user', section='a', file='bare.ini')`:                       `bare.ini:3: "skip" has no value`,
		`lookup('ini', 'user', section='a', file='bare.ini', allow_no_value=true)`:  "x",
		`query('ini', 'skip', section='a', file='bare.ini', allow_none=true)`:       "[]",
		`lookup('ini', 'x', section='a', file='twice.ini')`:                         `twice.ini:3: Duplicate option in the section: "name" is there already`,
		`lookup('ini', 'name', section='a', file='twice.ini', case_sensitive=true)`: "x",
		`lookup('ini', 'x', section='a', file='section.ini')`:                       `section.ini:3: Duplicate section: "a"`,
		`lookup('ini', 'x', file='none.ini')`:                                       "no section headers",
		`lookup('ini', 'file=none.ini')`:                                            "No key to lookup",
	} {
		got, err := eval(t, context.Background(), dir, src)
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", src, err, want)
			}
		} else if jinja.Str(got) != want {
			t.Errorf("%s: got %q, want %q", src, jinja.Str(got), want)
		}
	}
}
