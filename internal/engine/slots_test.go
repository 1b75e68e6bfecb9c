package engine

import (
	"context"
	"testing"
	"testing/synctest"
)

// A slot that comes free goes to whoever is furthest along, and of those to the
// first in the play's order; who has left gets none.
func TestSlotsGoToTheFurthest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if err := s.wait(t.Context(), s.ask(nil, 0)); err != nil {
			t.Fatal(err)
		}
		leaving, leave := context.WithCancel(t.Context())
		came := make(chan string, 4)
		for _, w := range []struct {
			name  string
			ctx   context.Context
			order []int
			place int
		}{{"early", t.Context(), []int{1, 2}, 1}, {"far, second", t.Context(), []int{3, 1}, 3}, {"gone", leaving, []int{9}, 4}, {"far", t.Context(), []int{3, 1}, 2}} {
			go func() {
				if s.wait(w.ctx, s.ask(w.order, w.place)) == nil {
					came <- w.name
				}
			}()
			synctest.Wait()
		}
		leave()
		synctest.Wait()
		for _, want := range []string{"far", "far, second", "early"} {
			s.give()
			if got := <-came; got != want {
				t.Errorf("%s got the slot of %s", got, want)
			}
		}
		s.give()
		if s.free != 1 {
			t.Errorf("%d slots are free at the end, of 1", s.free)
		}
	})
}
