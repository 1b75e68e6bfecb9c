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
	Data any `arg:"data,required"`
	// Keeps them for each host, not for the whole run. What is no yes is a no.
	PerHost any `arg:"per_host"`
	// Adds to what was kept before under the same name: numbers are summed, texts
	// and lists put together, mappings merged. Otherwise the new value stands. What
	// is no yes is a no; where nothing is said, it is a yes.
	Aggregate any `arg:"aggregate"`
}

func runSetStats(_ context.Context, a *attempt, args *setStatsArgs) (*taskResult, error) {
	data, isMap := a.ordered("data", nil).(*jinja.Map)
	if !isMap {
		return nil, a.task.Action.Errorf("The 'data' option needs to be a dictionary/hash")
	}
	for _, k := range data.Keys() {
		if !variableName.MatchString(jinja.Str(k)) {
			return nil, a.task.Action.Errorf("The variable name '%s' is not valid. "+
				"Variables must start with a letter or underscore character, and contain only letters, numbers and underscores.", jinja.Str(k))
		}
	}
	host := ""
	perHost, aggregate := isYes(args.PerHost), args.Aggregate == nil || isYes(args.Aggregate)
	if perHost {
		host = a.hostRun.host
	}
	a.engine.custom.add(host, data, aggregate)
	return ok("changed", false, "ansible_stats", jinja.NewMap("data", data, "per_host", perHost, "aggregate", aggregate)), nil
}

// isYes reports whether a value is one of those that mean yes.
func isYes(v any) bool {
	yes, known := asBool(v)
	return yes && known
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
