package probe

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPace(t *testing.T) {
	for name, c := range map[string]struct {
		config   Config
		takes    time.Duration // each request
		requests int
		elapsed  time.Duration
	}{
		"rate":                  {Config{Requests: 11, Rate: 10}, 0, 11, time.Second},
		"rate of several":       {Config{Requests: 11, Rate: 10, Concurrency: 5}, 90 * time.Millisecond, 11, 1090 * time.Millisecond},
		"slow servers":          {Config{Requests: 4, Rate: 10}, time.Second, 4, 4 * time.Second},
		"no rate":               {Config{Requests: 10, Concurrency: 5}, time.Second, 10, 2 * time.Second},
		"duration":              {Config{Duration: 10 * time.Second}, time.Second, 10, 10 * time.Second},
		"duration ends between": {Config{Duration: 3500 * time.Millisecond}, time.Second, 4, 4 * time.Second},
		"duration and rate":     {Config{Duration: time.Minute, Rate: 2}, 0, 120, 59500 * time.Millisecond},
		"duration and requests": {Config{Duration: time.Minute, Requests: 7}, time.Second, 7, 7 * time.Second},
		"by itself":             {Config{}, time.Millisecond, DefaultRequests, 100 * time.Millisecond},
		"an hour and no more":   {Config{Requests: MaxRequests, Rate: 0.01}, 0, 36, 3500 * time.Second},
		"fewer than workers":    {Config{Requests: 2, Concurrency: 50}, time.Second, 2, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.config.fill()
				begin := time.Now()
				got, err := c.config.run(t.Context(), func(context.Context) answer {
					time.Sleep(c.takes)
					return answer{name: "a", status: 200, latency: c.takes}
				})
				if took := time.Since(begin); err != nil || got.Requests != c.requests || took != c.elapsed {
					t.Errorf("%d requests in %v (%v), want %d in %v", got.Requests, took, err, c.requests, c.elapsed)
				}
			})
		})
	}
}

// TestPaceDoesNotBurst: after a server hung, what it missed is not made up for.
func TestPaceDoesNotBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begins []time.Duration
		start := time.Now()
		c := Config{Requests: 4, Rate: 10}
		c.fill()
		_, err := c.run(t.Context(), func(context.Context) answer {
			begins = append(begins, time.Since(start))
			if len(begins) == 1 {
				time.Sleep(5 * time.Second)
			}
			return answer{}
		})
		if err != nil || begins[1] != 5*time.Second || begins[3] != 5200*time.Millisecond {
			t.Errorf("%v, %v", begins, err)
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		c := Config{Rate: 0.1}
		c.fill()
		got, err := c.run(ctx, func(context.Context) answer { return answer{} })
		if took := time.Since(begin); took != 5*time.Second || err == nil || got.Requests != 1 {
			t.Errorf("%d requests in %v: %v", got.Requests, took, err)
		}
	})
}
