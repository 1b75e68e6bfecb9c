package jinja

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fleet/internal/source"
)

// TestAnsibleWords: playbooks look for these words in the msg of a task that
// failed. "=" in front asks for just these.
func TestAnsibleWords(t *testing.T) {
	scope := Vars{"rows": []any{NewMap("name", "a", "ports", []any{NewMap("n", 1)}), NewMap("name", "a")}}
	for src, want := range map[string]string{
		`nope`:                 `='nope' is undefined`,
		`rows[1].size`:         `has no attribute 'size'`,
		`'x' | log`:            `can only be used on numbers`,
		`'x' | pow(2)`:         `can only be used on numbers`,
		`'x' | root`:           `can only be used on numbers`,
		`'x' | human_readable`: `failed on bad input`,
		`rows | rekey_on_member('name', duplicates='maybe')`:  `duplicates parameter to rekey_on_member has unknown value`,
		`'x' | rekey_on_member('name')`:                       `Type is not a valid list, set, or dict`,
		`[1] | rekey_on_member('name')`:                       `List item is not a valid dict`,
		`rows | rekey_on_member('ports2')`:                    `was not found`,
		`rows | rekey_on_member('name')`:                      `is not unique, cannot correctly turn into dict`,
		`'x' | hash('md17')`:                                  `unsupported hash type`,
		`rows[0] | combine(rows[1], deep=true)`:               `='recursive' and 'list_merge' are the only valid keyword arguments`,
		`[rows[0], [rows[1]]] | combine`:                      `failed to combine variables, expected dicts but got`,
		`'%Y' | strftime('soon')`:                             `Invalid value for epoch value`,
		`'a-b-c' | regex_replace('-', '', mandatory_count=3)`: ` times, but matches `,
		`'x' | regex_escape('posix_extended')`:                `=Regex type (posix_extended) not yet implemented`,
		`'x' | regex_escape('perl')`:                          `=Invalid regex type (perl)`,
		`none | random`:                                       `random can only be used on`,
		`[1, 2] | random(start=1)`:                            `start and step can only be used`,
		`[1, 2] | random(step=1)`:                             `start and step can only be used`,
		`'x' | password_hash('msdcc')`:                        `=msdcc is not in the list of supported passlib algorithms: md5, blowfish, sha256, sha512`,
		`'x' | password_hash(hashtype='rot13')`:               `not support`,
		`'x' | to_uuid(namespace=7)`:                          `Invalid value`,
		`nope | mandatory`:                                    `=Mandatory variable 'nope'  not defined.`,
		`nope | mandatory('Set it.')`:                         `=Set it.`,
		`1 | subelements('name')`:                             `=obj must be a list of dicts or a nested dict`,
		`rows | subelements(1)`:                               `subelements must be a list or a string`,
		`rows | subelements('mail')`:                          `could not find`,
		`rows | subelements('name')`:                          `should point to a list`,
		`rows | subelements(['ports', 'n'])`:                  `should point to a dictionary`,
		`[1] | dict2items`:                                    `dict2items requires a dictionary`,
		`{} | items2dict`:                                     `items2dict requires a list`,
		`[1] | items2dict`:                                    `items2dict requires a list of dictionaries`,
		`1 | path_join`:                                       `expects string or sequence`,
	} {
		x, err := ParseExpr(src, source.Pos{File: "t", Line: 1, Col: 1})
		if err == nil {
			_, err = x.Value(NewContext(context.Background(), nil, scope))
		}
		var e *source.Error
		switch {
		case !errors.As(err, &e):
			t.Errorf("%s: no error with a position: %v", src, err)
		case strings.HasPrefix(want, "="):
			if e.Msg != want[1:] {
				t.Errorf("%s:\n got: %s\nwant: %s", src, e.Msg, want[1:])
			}
		case !strings.Contains(e.Msg, want):
			t.Errorf("%s:\n got: %s\nwant: …%s…", src, e.Msg, want)
		}
	}
}
