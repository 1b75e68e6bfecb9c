package wire

// Hello is what a helper says first.
type Hello struct {
	Version int    `json:"version"` // of the protocol
	OS      string `json:"os"`      // as GOOS
	Arch    string `json:"arch"`    // as GOARCH
	User    string `json:"user"`
	UID     int    `json:"uid"`
	PID     int    `json:"pid"`
}
