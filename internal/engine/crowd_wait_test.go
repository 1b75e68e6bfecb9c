package engine

import (
	"context"
	"testing"
)

func done(w *wait) bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// TestWaitEndsWithTheLast: a wait ends when the last of its hosts has come or has
// left, whichever is first behind.
func TestWaitEndsWithTheLast(t *testing.T) {
	hosts := []string{"a", "b", "c"}
	c := newCrowd(hosts)
	here := []int{1}
	all, two, stranger := c.await(hosts, here), c.await(hosts[1:], here), c.await([]string{"x"}, here)
	if !done(stranger) {
		t.Error("a host of no play is waited for")
	}
	for _, step := range []struct {
		do       func()
		all, two bool
	}{
		{func() { c.advance("c", here) }, false, false},
		{func() { c.advance("b", []int{0}) }, false, false},
		{func() { c.leave("b", true, false) }, false, true},
		{func() { c.advance("a", []int{2}) }, true, true},
	} {
		step.do()
		if done(all) != step.all || done(two) != step.two {
			t.Errorf("at %v: all %v, two %v", c.at, done(all), done(two))
		}
	}
	if err := c.wait(context.Background(), []string{"a"}, here); err != nil {
		t.Error(err)
	}
}

// TestAllShareOneWait: what thousands of hosts wait for together is looked through
// once, not once for each of them.
func TestAllShareOneWait(t *testing.T) {
	hosts := []string{"a", "b"}
	c := newCrowd(hosts)
	first := c.await(hosts, []int{1})
	if again := c.await(hosts, []int{1}); again != first {
		t.Error("two waits for the same")
	}
	if c.await(hosts, []int{2}) == first || c.await([]string{"a", "b"}, []int{1}) == first {
		t.Error("one wait for two things")
	}
}

func TestLasting(t *testing.T) {
	for seconds, want := range map[float64]string{1.5: "1.5s", 1e300: longest.String(), 9.3e9: longest.String()} {
		if got := lasting(seconds).String(); got != want {
			t.Errorf("%g: %s", seconds, got)
		}
	}
}
