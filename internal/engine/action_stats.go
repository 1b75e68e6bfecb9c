package engine

import (
	"context"
	"slices"
	"sync"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/spec"
)

// SetStats keeps values that the end of the run's report shows.
//
// Example:
//
//	tasks:
//	  - set_stats:
//	      data:
//	        updated: "{{ packages.results | length }}"
var setStats = define(spec.Module{Name: "set_stats", Names: []string{"ansible.builtin.set_stats"}}, runSetStats)

type setStatsArgs struct {
	// The values, by their names.
	Data map[string]any `arg:"data,required"`
	// Keeps them for each host, not for the whole run.
	PerHost bool `arg:"per_host"`
	// Adds to what was kept before under the same name: numbers are summed, texts
	// and lists put together, mappings merged. Otherwise the new value stands.
	Aggregate bool `arg:"aggregate" default:"yes"`
}

func runSetStats(_ context.Context, a *attempt, args *setStatsArgs) (*taskResult, error) {
	data, _ := a.ordered("data", nil).(*jinja.Map)
	if data == nil {
		data = jinja.NewMap()
	}
	for _, k := range data.Keys() {
		if !variableName.MatchString(jinja.Str(k)) {
			return nil, a.task.Action.Errorf("set_stats: %q is no name for a value", jinja.Str(k)).
				WithHint("names have letters, digits and _, and do not start with a digit")
		}
	}
	host := ""
	if args.PerHost {
		host = a.hostRun.host
	}
	a.engine.custom.add(host, data, args.Aggregate)
	return ok("changed", false, "ansible_stats", jinja.NewMap("data", data, "per_host", args.PerHost, "aggregate", args.Aggregate)), nil
}

// customStats are what set_stats has kept: of hosts, and under "" of the run.
type customStats struct {
	mu   sync.Mutex
	kept map[string]*jinja.Map
}

func (s *customStats) add(host string, data *jinja.Map, aggregate bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[string]*jinja.Map{}
	}
	kept := s.kept[host]
	if kept == nil {
		kept = jinja.NewMap()
		s.kept[host] = kept
	}
	for k, v := range data.All() {
		if old, ok := kept.Get(k); ok && aggregate {
			v = aggregated(old, v)
		}
		kept.Set(k, v)
	}
}

// aggregated returns two values as one; the new one where they do not go together.
func aggregated(old, v any) any {
	switch v := v.(type) {
	case int:
		switch old := old.(type) {
		case int:
			return old + v
		case float64:
			return old + float64(v)
		}
	case float64:
		switch old := old.(type) {
		case int:
			return float64(old) + v
		case float64:
			return old + v
		}
	case string:
		if old, ok := old.(string); ok {
			return old + v
		}
	case []any:
		if old, ok := old.([]any); ok {
			return slices.Concat(old, v)
		}
	case *jinja.Map:
		if old, ok := old.(*jinja.Map); ok {
			both := old.Clone()
			merge(both, v)
			return both
		}
	}
	return v
}

// list returns what was kept, that of the run first.
func (s *customStats) list() []event.CustomStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []event.CustomStats
	for host, kept := range s.kept {
		data, err := jinja.ToJSON(kept)
		if err == nil {
			out = append(out, event.CustomStats{Host: host, Data: data})
		}
	}
	slices.SortFunc(out, func(a, b event.CustomStats) int {
		if a.Host < b.Host {
			return -1
		}
		return 1
	})
	return out
}
