package fetch

import "testing"

func TestProxyIsLeftOut(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "a.example": true, "x.a.example": true, "xa.example": false,
		"b.example": true, "10.1.2.3": true, "11.1.2.3": false, "other": false,
	} {
		if got := direct(host, "a.example, .b.example:80,10.0.0.0/8"); got != want {
			t.Errorf("%s: got %v", host, got)
		}
	}
}
