package lookup

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fleet/internal/jinja"
)

func TestURL(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/lines":
			_, _ = w.Write([]byte("one\ntwo\r\n"))
		case "/ask":
			user, password, _ := r.BasicAuth()
			_, _ = w.Write([]byte(user + ":" + password + " " + r.Header.Get("X-Test") + " " + r.UserAgent()))
		case "/moved":
			http.Redirect(w, r, "/lines", http.StatusFound)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	for src, want := range map[string]string{
		`query('url', 'URL/lines')`:                     "['one', 'two']",
		`lookup('url', 'URL/lines')`:                    "one,two",
		`lookup('url', 'URL/lines', split_lines=false)`: "one\ntwo\r\n",
		`lookup('url', 'URL/ask', username='me', password='pw', headers={'X-Test': 5}, http_agent='fleet')`: "me:pw 5 fleet",
		`lookup('url', 'URL/moved')`:                         "one,two",
		`lookup('url', 'URL/none', errors='ignore') is none`: "True",
	} {
		v, err := eval(t, context.Background(), t.TempDir(), strings.ReplaceAll(src, "URL", server.URL))
		if err != nil || jinja.Str(v) != want {
			t.Errorf("%s: got %q, %v", src, jinja.Str(v), err)
		}
	}
	for src, want := range map[string]string{
		`lookup('url', 'URL/none')`:                           "404",
		`lookup('url', 'URL/moved', follow_redirects='none')`: "302",
		`lookup('url', 'http://user:pw@127.0.0.1:1/')`:        "http://user:xxxxx@127.0.0.1:1/",
		`lookup('url', 'URL/lines', timeout='soon')`:          "timeout",
		`lookup('url', 'URL/lines', header={})`:               "not a valid option",
		`lookup('url', 5)`:                                    "needs a text",
	} {
		_, err := eval(t, context.Background(), t.TempDir(), strings.ReplaceAll(src, "URL", server.URL))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", src, err)
		}
	}
}
