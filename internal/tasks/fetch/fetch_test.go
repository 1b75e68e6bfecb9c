package fetch

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"fleet/internal/tasks/sys"
)

// A server whose certificate nobody signed is only asked where that is allowed.
func TestGetUnverified(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "key") }))
	defer server.Close()
	m := &sys.Machine{Web: Web{}, Env: map[string]string{"NO_PROXY": "*"}}
	if body, err := m.Get(t.Context(), sys.Address{URL: server.URL}); err == nil {
		body.Close()
		t.Error("an unknown certificate is taken")
	}
	body, err := m.Get(t.Context(), sys.Address{URL: server.URL, Unverified: true})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if data, err := io.ReadAll(body); err != nil || string(data) != "key" {
		t.Errorf("got %q, %v", data, err)
	}
}
