package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"fleet/internal/catalog"
	"fleet/internal/engine"
	"fleet/internal/event"
	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/redact"
	"fleet/internal/vars"
)

// taken keeps what each host came to, in the order of its calls.
type taken struct {
	mu    sync.Mutex
	hosts map[string][]string
}

func (s *taken) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := e.(event.TaskDone); ok {
		s.hosts[d.Host] = append(s.hosts[d.Host], fmt.Sprintf("%v %s %s: %s %s", d.Task.Order, d.Task.Module, d.Task.Name, d.Outcome, d.Result.Msg))
	}
}

// TestCall: a call that fails keeps no host from the next one, and a host that
// is not there keeps no other host from its calls.
func TestCall(t *testing.T) {
	inv, err := inventory.Load("web1,web2,down1,")
	if err != nil {
		t.Fatal(err)
	}
	secrets := &redact.Set{}
	got := &taken{hosts: map[string][]string{}}
	e := &engine.Engine{Inventory: inv, Vars: vars.NewStore(inv, nil, secrets), Modules: catalog.Modules{}, Dialer: inProcess{}, Events: got, Secrets: secrets}
	sum, err := e.Call(t.Context(), []string{"web1", "web2", "down1"},
		engine.Call{Name: "first", Module: "ping", Args: jinja.NewMap("data", "crash")},
		engine.Call{Name: "second", Module: "ping", Args: jinja.NewMap()})
	if err != nil || !sum.Failed || !sum.Unreachable || sum.Interrupted {
		t.Errorf("%+v, %v", sum, err)
	}
	both := []string{"[0] ping first: failed asked to crash", "[1] ping second: ok "}
	want := map[string][]string{"web1": both, "web2": both, "down1": {"[0] ping first: unreachable down1: connection refused"}}
	if !maps.EqualFunc(got.hosts, want, slices.Equal) {
		t.Errorf("got %s", strings.ReplaceAll(fmt.Sprint(got.hosts), "] [", "]\n["))
	}
}
