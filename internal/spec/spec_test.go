package spec

import (
	"fmt"
	"reflect"
	"testing"
)

type port struct {
	Target int    `arg:"target,required"`
	Proto  string `arg:"proto" choices:"tcp,udp" default:"tcp"`
}

type sample struct {
	Restart string `arg:"restart" choices:"no,always"`

	Name  []string          `arg:"name,required" alias:"pkg"`
	State string            `arg:"state" choices:"present,absent" default:"present"`
	Force *bool             `arg:"force"`
	Wait  int               `arg:"wait" default:"10"`
	Env   map[string]string `arg:"env"`
	Ports []port            `arg:"ports"`
	Mode  any               `arg:"mode"`
}

var module = Module{Name: "sample", Declares: Lazily[sample]()}

func TestDecode(t *testing.T) {
	var got sample
	err := module.Decode([]byte(`{"pkg":"a, b","force":"no","env":{"A":1,"B":true},"ports":[{"target":"80"}],"mode":420,"restart":false}`), &got)
	if err != nil {
		t.Fatal(err)
	}
	no := false
	want := sample{Restart: "no", Name: []string{"a", "b"}, State: "present", Force: &no, Wait: 10,
		Env: map[string]string{"A": "1", "B": "True"}, Ports: []port{{80, "tcp"}}, Mode: 420}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for args, want := range map[string]string{
		`{}`:                          `missing required arguments: name`,
		`{"name":"a","stat":1}`:       `unknown argument "stat"`,
		`{"name":"a","state":"gone"}`: `argument "state" is "gone", which is none of present, absent`,
		`{"name":"a","wait":"soon"}`:  `argument "wait": want a whole number, not the text "soon"`,
		`{"name":"a","ports":[{"target":1,"x":2}]}`: `unknown argument "ports[0].x"`,
		`{"name":"a","env":[1]}`:                    `argument "env": want a mapping, not the list [1]`,
		`{"name":{"a":[]}}`:                         `argument "name[0]": want text, not the mapping {"a":[]}`,
		`[]`:                                        `arguments are not a JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}`,
	} {
		var got sample
		if err := module.Decode([]byte(args), &got); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", args, err, want)
		}
	}
}

func TestCheckTakesTemplatesAsTheyAre(t *testing.T) {
	opaque := func(v any) bool { return v == "{{ x }}" }
	if errs := module.Check(map[string]any{"name": "a", "wait": "{{ x }}"}, opaque); len(errs) != 0 {
		t.Errorf("got %v", errs[0])
	}
}

// TestDecodeNull has null stand for "not given", but for an argument that is
// taken as it is: there the default does not.
func TestDecodeNull(t *testing.T) {
	type args struct {
		Wait    int `arg:"wait" default:"5"`
		Timeout any `arg:"timeout" default:"30"`
	}
	m := Module{Name: "m", Declares: Lazily[args]()}
	for given, want := range map[string]args{
		`{}`:                           {5, "30"},
		`{"wait":null,"timeout":null}`: {5, nil},
		`{"timeout":7}`:                {5, 7},
	} {
		var got args
		if err := m.Decode([]byte(given), &got); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", given, got, err, want)
		}
	}
}

// TestJoin has an argument that both sides have once, with the names and words of both.
func TestJoin(t *testing.T) {
	a := []Arg{{Name: "name", Aliases: []string{"pkg"}}, {Name: "state", Choices: []string{"present"}}, {Name: "use"}}
	b := []Arg{{Name: "name", Aliases: []string{"pkg", "package"}}, {Name: "state", Choices: []string{"latest"}}, {Name: "use_backend", Aliases: []string{"use"}}}
	got := fmt.Sprintf("%v", Join(a, b))
	want := fmt.Sprintf("%v", []Arg{{Name: "name", Aliases: []string{"pkg", "package"}}, {Name: "state", Choices: []string{"present", "latest"}},
		{Name: "use"}, {Name: "use_backend", Aliases: []string{}}})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(a[0].Aliases) != 1 {
		t.Errorf("the arguments given were changed: %v", a)
	}
}
