package engine

import (
	"context"
	"testing"
	"testing/synctest"
)

// A slot that comes free goes to whoever is furthest along, and of those to
// whoever has waited longest; who has left gets none.
func TestSlotsGoToTheFurthest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if err := s.take(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		leaving, leave := context.WithCancel(t.Context())
		came := make(chan string, 4)
		for _, w := range []struct {
			name  string
			ctx   context.Context
			order []int
		}{{"early", t.Context(), []int{1, 2}}, {"far", t.Context(), []int{3, 1}}, {"gone", leaving, []int{9}}, {"far, later", t.Context(), []int{3, 1}}} {
			go func() {
				if s.take(w.ctx, w.order) == nil {
					came <- w.name
				}
			}()
			synctest.Wait()
		}
		leave()
		synctest.Wait()
		for _, want := range []string{"far", "far, later", "early"} {
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
