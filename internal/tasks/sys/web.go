package sys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"fleet/internal/reason"
	"fleet/internal/spec"
)

// Address is an address of the web, which begins with http:// or https://.
type Address struct {
	URL string
	// Unverified takes any certificate of the server.
	Unverified bool
}

// Web is what a helper that speaks HTTP and TLS brings along.
type Web interface {
	// Get opens an address, as the call's environment says which proxies there are. The server has half a minute to
	// answer, and half an hour to send. The reader is the caller's to close.
	Get(ctx context.Context, m *Machine, a Address) (io.ReadCloser, error)
	// Say is a reason.Say for the errors of both.
	Say(err error) (said, hint string, known bool)
}

// Get opens an address of the web. A module that calls it has Gets in its row of
// the table, or has none in the lean helper's.
func (m *Machine) Get(ctx context.Context, a Address) (io.ReadCloser, error) {
	if m.Web == nil {
		return nil, errors.New("this helper does not speak HTTP")
	}
	return m.Web.Get(ctx, m, a)
}

// NeedsWeb reports whether a call with these arguments would open an address.
func (mod *Module) NeedsWeb(args []byte) bool {
	if len(mod.Gets) == 0 {
		return false
	}
	var given map[string]json.RawMessage
	if json.Unmarshal(args, &given) != nil {
		return false // the module says what is wrong
	}
	for name, value := range given {
		if a, known := spec.Find(mod.Args(), name); known && slices.Contains(mod.Gets, a.Name) &&
			(bytes.Contains(value, []byte(`"http://`)) || bytes.Contains(value, []byte(`"https://`))) {
			return true
		}
	}
	return false
}

// reason is what the result says of an error.
func (m *Machine) reason(err error) string {
	if m.Web == nil {
		return reason.Text(err, nil)
	}
	return reason.Text(err, m.Web.Say)
}
