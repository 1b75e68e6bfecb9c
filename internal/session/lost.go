package session

import "fleet/internal/source"

// LostError says that the connection to a helper ended before its time. Its
// hint, where there is one, is found by source.HintOf.
type LostError struct {
	Reason string // why, for a person
	Err    error  // the cause, or nil
}

func (e *LostError) Error() string { return "connection lost: " + e.Reason }

func (e *LostError) Unwrap() error { return e.Err }

// lost returns a LostError that carries the hint.
func lost(reason, hint string, cause error) *LostError {
	if hint != "" {
		cause = source.Errorf(source.Pos{}, "%s: %w", reason, cause).WithHint("%s", hint)
	}
	return &LostError{Reason: reason, Err: cause}
}
