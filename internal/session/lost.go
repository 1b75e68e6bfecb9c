package session

// LostError says that the connection to a helper ended before its time.
type LostError struct {
	Reason string // why, for a person
	Hint   string // the next step, or empty
	Err    error  // the cause, or nil
}

func (e *LostError) Error() string { return "connection lost: " + e.Reason }

func (e *LostError) Unwrap() error { return e.Err }
