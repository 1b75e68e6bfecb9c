package probe

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Expectation is a condition on a Result, as "copies>=10" or "p99 < 250ms".
type Expectation struct {
	text  string
	name  string
	op    string
	value float64
}

// names are what an Expectation can be about, besides status_NNN, the number of
// answers with that status. Latencies are in milliseconds.
var names = []string{"copies", "failures", "max", "ok", "p50", "p95", "p99", "requests", "rps"}

// operators has those of two characters first.
var operators = []string{"==", "!=", ">=", "<=", ">", "<"}

// ExpectError is a mistake in an Expectation.
type ExpectError struct {
	Text  string
	Col   int // from 1, in bytes
	Msg   string
	Word  string   // that is wrong
	Known []string // the words that could have been meant
}

func (e *ExpectError) Error() string {
	return fmt.Sprintf("%q: column %d: %s", e.Text, e.Col, e.Msg)
}

// ParseExpectation reads a name, an operator (==, !=, >=, <=, > or <) and a
// number. Behind the number of a latency ms or s may stand. Every error is an
// *ExpectError.
func ParseExpectation(text string) (Expectation, error) {
	e := Expectation{text: strings.TrimSpace(text)}
	rest := strings.TrimLeft(text, " ")
	fail := func(format string, args ...any) *ExpectError {
		return &ExpectError{Text: text, Col: len(text) - len(rest) + 1, Msg: fmt.Sprintf(format, args...)}
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !isNameRune(r) })
	if end < 0 {
		end = len(rest)
	}
	e.name = rest[:end]
	if !known(e.name) {
		err := fail("%q is none of %s, status_NNN", e.name, strings.Join(names, ", "))
		err.Word, err.Known = e.name, append(slices.Clone(names), "status_200", "status_502")
		return e, err
	}
	rest = strings.TrimLeft(rest[end:], " ")
	if e.op = operator(rest); e.op == "" {
		return e, fail("want ==, !=, >=, <=, > or <, not %q", start(rest))
	}
	rest = strings.TrimLeft(rest[len(e.op):], " ")
	number, factor := e.unit(strings.TrimRight(rest, " "))
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.Trim(number, "0123456789.") != "" {
		return e, fail("want a number, not %q", start(rest))
	}
	e.value = v * factor
	return e, nil
}

func isNameRune(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func known(name string) bool {
	if code, ok := strings.CutPrefix(name, "status_"); ok {
		n, err := strconv.Atoi(code)
		return err == nil && len(code) == 3 && n >= 100
	}
	return slices.Contains(names, name)
}

func operator(text string) string {
	for _, op := range operators {
		if strings.HasPrefix(text, op) {
			return op
		}
	}
	return ""
}

// start returns the beginning of a text, for a message.
func start(text string) string { return bounded(text, 20) }

// unit returns the number without its unit, and what it counts.
func (e *Expectation) unit(number string) (string, float64) {
	if !e.latency() {
		return number, 1
	}
	if n, ok := strings.CutSuffix(number, "ms"); ok {
		return strings.TrimRight(n, " "), 1
	}
	if n, ok := strings.CutSuffix(number, "s"); ok {
		return strings.TrimRight(n, " "), 1000
	}
	return number, 1
}

func (e *Expectation) latency() bool {
	return slices.Contains([]string{"p50", "p95", "p99", "max"}, e.name)
}

func (e Expectation) String() string { return e.text }

// Check reports whether the result meets the expectation, and says what it is.
func (e Expectation) Check(r Result) (met bool, is string) {
	if e.latency() && r.OK == 0 {
		return false, "no request was answered"
	}
	v := e.of(r)
	switch e.op {
	case "==":
		met = v == e.value
	case "!=":
		met = v != e.value
	case ">=":
		met = v >= e.value
	case "<=":
		met = v <= e.value
	case ">":
		met = v > e.value
	case "<":
		met = v < e.value
	}
	is = e.name + " is " + strconv.FormatFloat(v, 'f', -1, 64)
	if e.latency() {
		is += " ms"
	}
	return met, is
}

func (e Expectation) of(r Result) float64 {
	switch e.name {
	case "copies":
		return float64(r.Copies)
	case "failures":
		return float64(r.Failures)
	case "max":
		return r.Latency.Max
	case "ok":
		return float64(r.OK)
	case "p50":
		return r.Latency.P50
	case "p95":
		return r.Latency.P95
	case "p99":
		return r.Latency.P99
	case "requests":
		return float64(r.Requests)
	case "rps":
		return r.RPS
	}
	return float64(r.Statuses[strings.TrimPrefix(e.name, "status_")])
}

// ParseExpectations reads several.
func ParseExpectations(texts []string) ([]Expectation, error) {
	var list []Expectation
	for _, text := range texts {
		e, err := ParseExpectation(text)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// Judge holds the result against the expectations. The error names those that
// are not met, and the kinds of the failures that there were.
func (r Result) Judge(list []Expectation) error {
	var unmet []string
	for _, e := range list {
		if met, is := e.Check(r); !met {
			unmet = append(unmet, fmt.Sprintf("%s is expected and %s", e, is))
		}
	}
	if len(unmet) == 0 {
		return nil
	}
	text := strings.Join(unmet, "; ")
	for _, kind := range slices.Sorted(maps.Keys(r.Kinds)) {
		text += fmt.Sprintf("\n%d × %s: %s", r.Kinds[kind], kind, r.Errors[kind])
	}
	return errors.New(text)
}
