package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fleet/bench/measure"
	"fleet/bench/result"
)

// contest is one job that several programs do in turn.
type contest struct {
	title   string
	players []player
	// judge looks at a run; its error fails the benchmark. Nil takes all.
	judge func(p player, s measure.Sample) error
}

// player is one program with its arguments.
type player struct {
	name      string
	argv, env []string
	runs      int
	before    func() error // makes ready for a run; or nil
}

// outcome is the medians of a contest's players, by name.
type outcome map[string]measure.Sample

// hold runs the players in turn and notes their medians. The first player is what
// the others are compared with.
func (b *bench) hold(ctx context.Context, c contest) (outcome, error) {
	samples := make([][]measure.Sample, len(c.players))
	for round, more := 0, true; more; round++ {
		more = false
		for i, p := range c.players {
			if round >= p.runs {
				continue
			}
			more = more || round+1 < p.runs
			s, err := b.once(ctx, c, p)
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], s)
		}
	}
	medians := outcome{}
	for i, p := range c.players {
		medians[p.name] = measure.Median(samples[i])
	}
	return medians, b.note("%s", c.table(medians))
}

func (b *bench) once(ctx context.Context, c contest, p player) (measure.Sample, error) {
	if p.before != nil {
		if err := p.before(); err != nil {
			return measure.Sample{}, err
		}
	}
	s, err := b.Run(ctx, p.argv, p.env)
	if err == nil && c.judge != nil {
		err = c.judge(p, s)
	}
	if b.each && err == nil {
		fmt.Printf("  %-28s %9.3fs %9.3fs %7d MB %9.2fs\n", p.name, s.Wall.Seconds(), s.CPU.Seconds(), s.Memory>>20, s.Hosts.Seconds())
	}
	return s, err
}

// table is the medians as text, each beside the first player's.
func (c contest) table(medians outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %-28s %4s %10s %10s %10s %10s   %s\n", c.title, "", "runs", "wall", "cpu", "memory", "hosts' cpu",
		"against the first")
	first := medians[c.players[0].name]
	for i, p := range c.players {
		m := medians[p.name]
		fmt.Fprintf(&b, "  %-28s %4d %9.2fs %9.2fs %7d MB %9.2fs", p.name, p.runs, m.Wall.Seconds(), m.CPU.Seconds(), m.Memory>>20, m.Hosts.Seconds())
		if i > 0 {
			fmt.Fprintf(&b, "   wall %s, cpu %s, memory %s", times(m.Wall, first.Wall), times(m.CPU, first.CPU), times(m.Memory, first.Memory))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// beside makes a line: what fleet took, what another took, and how many times
// more that is. The goal is the least of that ratio; 0 is none.
func (o outcome) beside(part, what, fleet, other string, goal float64) result.Line {
	f, p := o[fleet].Wall, o[other].Wall
	l := result.Line{Part: part, What: what, Fleet: seconds(f), Other: other + " " + seconds(p), Ratio: times(p, f)}
	if goal > 0 {
		l.Goal = fmt.Sprintf("≥ %g ×", goal)
		l.Reached = result.Reached(ratio(p, f) >= goal)
	}
	return l
}

func ratio[N ~int64](a, b N) float64 { return float64(a) / float64(max(b, 1)) }

// times says how many times b a is.
func times[N ~int64](a, b N) string {
	if r := ratio(a, b); r < 9.95 {
		return fmt.Sprintf("%.2g ×", r)
	} else {
		return fmt.Sprintf("%.0f ×", r)
	}
}

func seconds(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < 100*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
