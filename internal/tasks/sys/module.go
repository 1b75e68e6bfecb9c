package sys

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"

	"fleet/internal/spec"
)

// Module is one row of the table of modules.
type Module struct {
	spec.Module
	// run decodes the arguments and runs the module's function.
	run func(ctx context.Context, m *Machine, mod *spec.Module, args []byte) (any, error)
}

// Func is a module: a plain function that looks at the machine and passes every
// change through its door. The value it returns is a struct, or a pointer to
// one, or a map, with the names that Ansible's documentation gives; "changed"
// and "diff" are added from the door where they are not in it. With an error the call has failed; the
// value, where there is one, is still returned to the playbook.
type Func[A any] func(ctx context.Context, m *Machine, args *A) (any, error)

// Define makes a Module from its function, whose argument struct declares the
// arguments as spec.Of says.
func Define[A any](about spec.Module, run Func[A]) Module {
	about.Declares = spec.Lazily[A]()
	return Module{Module: about, run: func(ctx context.Context, m *Machine, mod *spec.Module, args []byte) (any, error) {
		var a A
		if err := mod.Decode(args, &a); err != nil {
			return nil, err
		}
		return run(ctx, m, &a)
	}}
}

// Through makes a Module that may hand its arguments on to one of others, as Call
// does: it takes all of theirs beside its own, and its function gets them as they
// were given too. Which of them fit is for the one that gets them to say.
func Through[A any](about spec.Module, run func(ctx context.Context, m *Machine, args *A, given []byte) (any, error), others ...*Module) Module {
	own := spec.Lazily[A]()
	about.Declares = sync.OnceValue(func() []spec.Arg {
		args := own()
		for _, other := range others {
			args = spec.Join(args, other.Args())
		}
		return args
	})
	return Module{Module: about, run: func(ctx context.Context, m *Machine, mod *spec.Module, given []byte) (any, error) {
		var a A
		if err := mod.Decode(given, &a); err != nil {
			return nil, err
		}
		return run(ctx, m, &a, given)
	}}
}

// Call runs the module for another one that was called with the JSON object given,
// less the arguments in without. The values in with stand in the place of what was given.
func (mod *Module) Call(ctx context.Context, m *Machine, given []byte, without []string, with map[string]any) (any, error) {
	args := map[string]any{}
	dec := json.NewDecoder(bytes.NewReader(given))
	dec.UseNumber()
	if err := dec.Decode(&args); err != nil {
		return nil, fmt.Errorf("arguments are not a JSON object: %w", err)
	}
	for _, name := range without {
		delete(args, name)
	}
	maps.Copy(args, with)
	data, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	return mod.run(ctx, m, &mod.Module, data)
}

// Run runs the module and returns its result as wire.Result's Data has it.
func (mod *Module) Run(ctx context.Context, m *Machine, args []byte) json.RawMessage {
	value, err := mod.run(ctx, m, &mod.Module, args)
	fields, ferr := object(value)
	if err == nil {
		err = ferr
	}
	if _, ok := fields["changed"]; !ok {
		fields["changed"] = m.Changed()
	}
	if diffs := m.Diffs(); m.Diff && len(diffs) > 0 && fields["diff"] == nil {
		if fields["diff"] = diffs; len(diffs) == 1 && !mod.DiffList {
			fields["diff"] = diffs[0]
		}
	}
	if m.Changed() {
		fields["changes"] = whats(m.Changes())
	}
	if len(m.warnings) > 0 {
		fields["warnings"] = append(texts(fields["warnings"]), m.warnings...)
	}
	if err != nil {
		fields["failed"] = true
		sentence(fields, m.reason(err))
	}
	data, err := json.Marshal(fields)
	if err != nil {
		data, _ = json.Marshal(map[string]any{"failed": true, "msg": fmt.Sprintf("the result cannot be sent: %v", err)})
	}
	return data
}

// sentence puts what went wrong into a result: msg is the sentence that playbooks
// compare and search, and the next step stands by itself.
func sentence(fields map[string]any, text string) {
	fields["msg"] = text
	if i := strings.LastIndex(text, "\nhint: "); i >= 0 && !strings.Contains(text[i+1:], "\n") {
		fields["msg"], fields["hint"] = text[:i], text[i+len("\nhint: "):]
	}
}

// object turns a module's value into the fields of a JSON object.
func object(value any) (map[string]any, error) {
	fields := map[string]any{}
	if value == nil {
		return fields, nil
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fields, fmt.Errorf("the result cannot be encoded: %w", err)
	}
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &raw); err != nil {
		return fields, fmt.Errorf("the result is not an object: %w", err)
	}
	for k, v := range raw {
		fields[k] = v
	}
	return fields, nil
}

// texts returns the list of texts that a field of object has; of anything else, none.
func texts(field any) []string {
	var list []string
	if raw, ok := field.(json.RawMessage); ok && json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

func whats(changes []Change) []string {
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = c.What
	}
	return out
}

// Skipped is the value of a module that had nothing to decide, as a command in
// check mode.
type Skipped struct {
	Skipped bool   `json:"skipped"`
	Msg     string `json:"msg"`
}

// Skip returns a Skipped with the reason.
func Skip(reason string) Skipped { return Skipped{true, reason} }
