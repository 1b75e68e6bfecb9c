package session

import (
	"context"

	"fleet/internal/wire"
)

// Session is the controller's end of one helper. Its methods may be called
// concurrently.
type Session struct {
	hello wire.Hello
}

// Hello returns what the helper said about its machine and its user.
func (s *Session) Hello() wire.Hello { return s.hello }

// Call runs one module on the target and returns its result. A module that
// failed is a Result with "failed", not an error. Where ctx ends, the call is
// cancelled on the target and Call returns ctx's error once the target has
// confirmed it, or after CancelWait at the latest. A *LostError says that the
// connection is gone.
func (s *Session) Call(ctx context.Context, call wire.Call, answers wire.Answers) (wire.Result, error) {
	return wire.Result{}, &LostError{Reason: "not connected"}
}

// Close ends the helper: its running calls are cancelled on the target.
func (s *Session) Close() error { return nil }
