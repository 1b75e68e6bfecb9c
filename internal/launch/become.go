package launch

// Become says as which user the helper runs, where that is not the user who
// logged in. The zero value is the user who logged in.
type Become struct {
	Method   string // sudo (the default), su or doas
	User     string // empty is root
	Password string // empty: the method must not ask for one
	Program  string // the method's program, where it is not the one on PATH
	Flags    []string
}

// IsZero reports whether the helper runs as the user who logged in.
func (b Become) IsZero() bool { return b.Method == "" && b.User == "" }
