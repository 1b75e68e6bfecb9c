package probe

import (
	"errors"
	"strings"
	"testing"
)

func sample() Result {
	return Result{Requests: 100, OK: 97, Failures: 3, Copies: 10, Statuses: map[string]int{"200": 97, "502": 1},
		Kinds: map[string]int{"refused": 2, "status_502": 1}, Errors: map[string]string{"refused": "connection refused", "status_502": "502 Bad Gateway"},
		Latency: Latency{P50: 1.5, P95: 20, P99: 249.5, Max: 1200}, RPS: 812.25}
}

func TestExpectations(t *testing.T) {
	for text, want := range map[string]struct {
		met bool
		is  string
	}{
		"copies>=10":        {true, "copies is 10"},
		"copies > 10":       {false, "copies is 10"},
		" copies==10 ":      {true, "copies is 10"},
		"copies!=10":        {false, "copies is 10"},
		"copies<=9":         {false, "copies is 10"},
		"failures==0":       {false, "failures is 3"},
		"failures<3.5":      {true, "failures is 3"},
		"requests==100":     {true, "requests is 100"},
		"ok>=97":            {true, "ok is 97"},
		"p50<2":             {true, "p50 is 1.5 ms"},
		"p95 <= 20ms":       {true, "p95 is 20 ms"},
		"p99<0.25 s":        {true, "p99 is 249.5 ms"},
		"max<1s":            {false, "max is 1200 ms"},
		"rps>812":           {true, "rps is 812.25"},
		"status_502<=1":     {true, "status_502 is 1"},
		"status_404 == 000": {true, "status_404 is 0"},
	} {
		e, err := ParseExpectation(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if met, is := e.Check(sample()); met != want.met || is != want.is {
			t.Errorf("%s: %v, %s; want %v, %s", text, met, is, want.met, want.is)
		}
	}
	e, err := ParseExpectation("p99<1000")
	if err != nil {
		t.Fatal(err)
	}
	if met, is := e.Check(Result{}); met || is != "no request was answered" {
		t.Errorf("without an answer: %v, %s", met, is)
	}
}

func TestExpectationErrors(t *testing.T) {
	for text, want := range map[string]string{
		"copy>=10":       `column 1: "copy" is none of copies, failures, max, ok, p50, p95, p99, requests, rps, status_NNN`,
		"":               `column 1: "" is none of`,
		"  >3":           `column 3: "" is none of`,
		"Copies==1":      `column 1: "Copies" is none of`,
		"status_99==0":   `column 1: "status_99" is none of`,
		"status_+10==0":  `column 1: "status_" is none of`,
		"copies":         `column 7: want ==, !=, >=, <=, > or <, not ""`,
		"copies=10":      `column 7: want ==, !=, >=, <=, > or <, not "=10"`,
		"copies =< 10":   `column 8: want ==`,
		"copies>=":       `column 9: want a number, not ""`,
		"copies>= ten":   `column 10: want a number, not "ten"`,
		"copies>=-1":     `column 9: want a number, not "-1"`,
		"copies==1e3":    `column 9: want a number`,
		"copies==10 11":  `column 9: want a number, not "10 11"`,
		"copies==10ms":   `column 9: want a number, not "10ms"`,
		"p50<1m":         `column 5: want a number, not "1m"`,
		"p50<1.2.3":      `column 5: want a number`,
		"p50<.":          `column 5: want a number`,
		"rps>inf":        `column 5: want a number`,
		"copies>=1 and ": `column 9: want a number`,
	} {
		_, err := ParseExpectation(text)
		var e *ExpectError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestJudge(t *testing.T) {
	list, err := ParseExpectations([]string{"copies>=11", "ok>0", "failures==0"})
	if err != nil {
		t.Fatal(err)
	}
	const want = "copies>=11 is expected and copies is 10; failures==0 is expected and failures is 3\n" +
		"2 × refused: connection refused\n1 × status_502: 502 Bad Gateway"
	if err := sample().Judge(list); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if err := sample().Judge(list[1:2]); err != nil {
		t.Errorf("got %v", err)
	}
}

func FuzzParseExpectation(f *testing.F) {
	for _, text := range []string{"copies>=10", "p99 < 250 ms", "status_502==0", "x=", " ok != 1.5 "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseExpectation(text)
		if err != nil {
			var at *ExpectError
			if !errors.As(err, &at) || at.Col < 1 || at.Col > len(text)+1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseExpectation(e.String())
		if err != nil || again != e {
			t.Fatalf("%q: %+v became %+v, %v", text, e, again, err)
		}
		e.Check(sample())
	})
}
