package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"fleet/internal/event"
)

// TestCompareRebuildsBothTexts: the kept and removed lines are the first text,
// the kept and added ones the second, and no more is changed than must be.
func TestCompareRebuildsBothTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		a, b := randomLines(r), randomLines(r)
		var gotA, gotB []string
		changes := 0
		for _, e := range compare(a, b) {
			if e.op != '+' {
				gotA = append(gotA, e.text)
			}
			if e.op != '-' {
				gotB = append(gotB, e.text)
			}
			if e.op != ' ' {
				changes++
			}
		}
		if fmt.Sprint(gotA) != fmt.Sprint(a) || fmt.Sprint(gotB) != fmt.Sprint(b) {
			t.Fatalf("%q and %q became %q and %q", a, b, gotA, gotB)
		}
		if want := len(a) + len(b) - 2*common(a, b); changes != want {
			t.Fatalf("%q to %q takes %d edits, want %d", a, b, changes, want)
		}
	}
}

func randomLines(r *rand.Rand) []string {
	list := make([]string, r.IntN(12))
	for i := range list {
		list[i] = string(rune('a' + r.IntN(4)))
	}
	return list
}

// common returns the length of the longest common subsequence, the slow way.
func common(a, b []string) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if a[0] == b[0] {
		return 1 + common(a[1:], b[1:])
	}
	return max(common(a[1:], b), common(a, b[1:]))
}

func TestDiffOfUnlikeTextsIsBounded(t *testing.T) {
	var a, b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&a, "a%d\n", i)
		fmt.Fprintf(&b, "b%d\n", i)
	}
	if got := diffLines(event.Diff{Before: a.String(), After: b.String()}); len(got) != maxDiff+1 {
		t.Errorf("%d lines", len(got))
	}
}
