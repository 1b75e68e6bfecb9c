package pool

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

type thing struct{ closed *atomic.Int32 }

func (t thing) Close() error {
	t.closed.Add(1)
	return nil
}

func TestOneForAll(t *testing.T) {
	var p Pool[string, thing]
	var opened, closed atomic.Int32
	open := func(context.Context) (thing, error) {
		opened.Add(1)
		return thing{&closed}, nil
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := p.Get(t.Context(), "a", open); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := p.Get(t.Context(), "b", open); err != nil || opened.Load() != 2 {
		t.Errorf("opened %d, %v", opened.Load(), err)
	}
	p.Drop(func(key string) bool { return key == "a" })
	if closed.Load() != 1 {
		t.Errorf("closed %d", closed.Load())
	}
	if _, err := p.Get(t.Context(), "a", open); err != nil || opened.Load() != 3 {
		t.Errorf("after Drop: opened %d, %v", opened.Load(), err)
	}
	p.Close()
	if closed.Load() != 3 {
		t.Errorf("closed %d", closed.Load())
	}
}

func TestFailureIsForgotten(t *testing.T) {
	var p Pool[int, thing]
	var closed atomic.Int32
	bad := errors.New("not now")
	if _, err := p.Get(t.Context(), 1, func(context.Context) (thing, error) { return thing{}, bad }); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Get(t.Context(), 1, func(context.Context) (thing, error) { return thing{&closed}, nil }); err != nil {
		t.Errorf("got %v", err)
	}
	p.Close()
}

func TestWaitEndsWithContext(t *testing.T) {
	var p Pool[int, thing]
	var closed atomic.Int32
	opening, let := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = p.Get(context.Background(), 1, func(context.Context) (thing, error) {
			close(opening)
			<-let
			return thing{&closed}, nil
		})
	}()
	<-opening
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Get(ctx, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(let)
	p.Close()
	if closed.Load() != 1 {
		t.Errorf("closed %d", closed.Load())
	}
}

// Who waited for one that has left opens it by himself.
func TestOpenerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pool[int, thing]
		var closed atomic.Int32
		leaving, leave := context.WithCancel(t.Context())
		go func() {
			_, err := p.Get(leaving, 1, func(ctx context.Context) (thing, error) {
				<-ctx.Done()
				return thing{}, ctx.Err()
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left: %v", err)
			}
		}()
		synctest.Wait()
		go func() {
			if _, err := p.Get(t.Context(), 1, func(context.Context) (thing, error) { return thing{&closed}, nil }); err != nil {
				t.Errorf("the one who stayed: %v", err)
			}
		}()
		synctest.Wait()
		leave()
		synctest.Wait()
		p.Close()
		if closed.Load() != 1 {
			t.Errorf("closed %d", closed.Load())
		}
	})
}
