package report

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"sync"

	"fleet/internal/event"
	"fleet/internal/redact"
	"fleet/internal/wire"
)

// JSON prints one JSON object a line for each event, by the names that
// docs/json.md lists, in the order in which things happen. Its methods may be
// called by many goroutines.
type JSON struct {
	out     io.Writer
	secrets *redact.Set
	mu      sync.Mutex
	partial map[string]*assembler // by host
	err     error
}

// NewJSON returns a JSON that writes to out, with the secrets masked inside of
// strings, so that every line stays valid.
func NewJSON(out io.Writer, secrets *redact.Set) *JSON {
	return &JSON{out: out, secrets: secrets, partial: map[string]*assembler{}}
}

// Emit prints an event. Output is printed in whole lines.
func (j *JSON) Emit(e event.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch e := e.(type) {
	case event.Output:
		j.output(e)
		return
	case event.TaskDone:
		j.flush(e.Host, e.Task)
	case event.HostGone:
		j.flush(e.Host, nil)
	case event.RunEnded:
		for _, host := range slices.Sorted(maps.Keys(j.partial)) {
			j.flush(host, nil)
		}
	}
	j.print(jsonEvent(e))
}

func (j *JSON) output(e event.Output) {
	a := j.partial[e.Host]
	if a == nil {
		a = &assembler{}
		j.partial[e.Host] = a
	}
	if whole := a.add(e.Stream, e.Data); whole != "" {
		j.print(outputLine(e.Host, e.Task, e.Stream, whole))
	}
}

func (j *JSON) flush(host string, task *event.Task) {
	a := j.partial[host]
	if a == nil {
		return
	}
	for _, s := range []wire.Stream{wire.Stdout, wire.Stderr} {
		if line, ok := a.rest(s); ok {
			j.print(outputLine(host, task, s, line))
		}
	}
	delete(j.partial, host)
}

func (j *JSON) print(line jsonLine) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(line)
	if err == nil {
		_, err = j.out.Write(j.secrets.JSON(b.Bytes()))
	}
	if j.err == nil {
		j.err = err
	}
}

// Close returns the first error that writing gave.
func (j *JSON) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}
