package web

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// service is a web service with a bit of everything.
func service() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-Request-Id", "7")
		w.Header().Set("Failed", "true")
		w.Header().Set("Ansible-Facts", "x")
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		fmt.Fprint(w, `{"big": 12345678901234567890, "list": [1]}`)
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %d", r.Method, body, r.Header.Get("Content-Type"), r.ContentLength)
	})
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ops" || password != "hush" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	mux.Handle("/moved", http.RedirectHandler("/echo", http.StatusFound))
	mux.HandleFunc("/header", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Token"), r.UserAgent())
	})
	mux.Handle("/moved-header", http.RedirectHandler("/header", http.StatusFound))
	mux.HandleFunc("/form", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, r.MultipartForm.Value["a"], " ")
		for _, f := range r.MultipartForm.File["f"] {
			in, err := f.Open()
			if err != nil {
				continue
			}
			data, _ := io.ReadAll(in)
			fmt.Fprintf(w, "%s %s %s", f.Filename, f.Header.Get("Content-Type"), data)
		}
	})
	mux.HandleFunc("/hang-up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		fmt.Fprint(w, "half")
	})
	return mux
}

func TestURI(t *testing.T) {
	server := httptest.NewServer(service())
	defer server.Close()
	for name, c := range map[string]struct {
		args string
		want map[string]any
	}{
		"plain": {`{"url":"$/echo","return_content":true}`, map[string]any{"status": 200.0, "content": "GET   0", "changed": false,
			"redirected": false, "content_length": "7", "msg": "OK (7 bytes)", "url": server.URL + "/echo"}},
		"no content": {`{"url":"$/echo"}`, map[string]any{"content": nil}},
		"json": {`{"url":"$/json"}`, map[string]any{"json": map[string]any{"big": 12345678901234567890.0, "list": []any{1.0}}, "x_request_id": "7",
			"failed": nil, "ansible_facts": nil, "cookies": map[string]any{"a": "b"}, "cookies_string": "a=b"}},
		"status":      {`{"url":"$/none"}`, map[string]any{"failed": true, "status": 404.0, "msg": "status code was 404 and not [200]: Not Found (19 bytes)"}},
		"status list": {`{"url":"$/none","status_code":"200, 404"}`, map[string]any{"failed": nil, "status": 404.0}},
		"post json": {`{"url":"$/echo","method":"post","body":{"a":[1,true]},"body_format":"json","return_content":true}`,
			map[string]any{"content": `POST {"a":[1,true]} application/json 14`}},
		"form": {`{"url":"$/echo","method":"PUT","body":{"a":"x y","b":[1,2]},"body_format":"form-urlencoded","return_content":true}`,
			map[string]any{"content": `PUT a=x+y&b=1&b=2 application/x-www-form-urlencoded 13`}},
		"form pairs": {`{"url":"$/echo","method":"POST","body":[["b",1],["a",true]],"body_format":"form-urlencoded","return_content":true}`,
			map[string]any{"content": `POST a=True&b=1 application/x-www-form-urlencoded 10`}},
		"own type": {`{"url":"$/echo","method":"POST","body":"x","headers":{"content-type":"text/x"},"return_content":true}`,
			map[string]any{"content": "POST x text/x 1"}},
		"src":            {`{"url":"$/echo","method":"POST","src":"/body","remote_src":true,"return_content":true}`, map[string]any{"content": "POST data  4"}},
		"src missing":    {`{"url":"$/echo","method":"POST","src":"/none","remote_src":true}`, map[string]any{"failed": true, "msg": `argument "src": "/none" does not exist on the target`}},
		"login":          {`{"url":"$/login","url_username":"ops","url_password":"hush"}`, map[string]any{"status": 200.0}},
		"login forced":   {`{"url":"$/login","user":"ops","password":"hush","force_basic_auth":true}`, map[string]any{"status": 200.0}},
		"login wrong":    {`{"url":"$/login","user":"ops","password":"no"}`, map[string]any{"status": 401.0, "failed": true}},
		"redirect":       {`{"url":"$/moved","return_content":true}`, map[string]any{"redirected": true, "url": server.URL + "/echo", "status": 200.0}},
		"redirect none":  {`{"url":"$/moved","follow_redirects":"none","status_code":302}`, map[string]any{"redirected": false, "location": "/echo"}},
		"redirect post":  {`{"url":"$/moved","method":"POST","status_code":302}`, map[string]any{"status": 302.0}},
		"redirect all":   {`{"url":"$/moved","method":"POST","follow_redirects":"all"}`, map[string]any{"status": 200.0}},
		"headers":        {`{"url":"$/header","headers":{"X-Token":"t"},"http_agent":"me","return_content":true}`, map[string]any{"content": "tme"}},
		"netrc":          {`{"url":"$/login"}`, map[string]any{"status": 200.0}},
		"netrc off":      {`{"url":"$/login","use_netrc":false}`, map[string]any{"status": 401.0}},
		"unredirected":   {`{"url":"$/moved-header","headers":{"X-Token":"t"},"unredirected_headers":["x-token"],"http_agent":"me","return_content":true}`, map[string]any{"content": "me"}},
		"ciphers":        {`{"url":"$/header","ciphers":"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305"}`, map[string]any{"status": 200.0}},
		"cipher unknown": {`{"url":"$/header","ciphers":["HIGH"]}`, map[string]any{"failed": true, "msg": `argument "ciphers": "HIGH" is not supported`}},
		"gssapi":         {`{"url":"$/header","use_gssapi":true}`, map[string]any{"failed": true, "msg": `argument "use_gssapi": a login by Kerberos is not supported`}},
		"multipart": {`{"url":"$/form","method":"POST","body_format":"form-multipart","return_content":true,"body":{"a":"x","f":{"filename":"/etc/b.json","content":"{}"}}}`,
			map[string]any{"content": "[x] b.json application/json {}"}},
		"multipart file": {`{"url":"$/form","method":"POST","body_format":"form-multipart","remote_src":true,"return_content":true,"body":{"f":{"filename":"/body","mime_type":"text/x"}}}`,
			map[string]any{"content": "[] body text/x data"}},
		"multipart sent": {`{"url":"$/form","method":"POST","body_format":"form-multipart","body":{"f":{"filename":"b"}}}`,
			map[string]any{"failed": true, "hint": `content: "{{ lookup('file', 'b') }}" sends it, remote_src: true takes the target's`}},
		"creates":        {`{"url":"$/none","creates":"/body"}`, map[string]any{"changed": false, "msg": `skipped, since "/body" exists`}},
		"removes":        {`{"url":"$/none","removes":"/none"}`, map[string]any{"changed": false, "msg": `skipped, since "/none" does not exist`}},
		"no scheme":      {`{"url":"example.org"}`, map[string]any{"failed": true, "msg": `argument "url": "example.org" does not start with http:// or https://`}},
		"password in it": {`{"url":"ftp://u:hush@h/"}`, map[string]any{"failed": true, "msg": `argument "url": "ftp://u:xxxxx@h/" does not start with http:// or https://`}},
		"refused":        {`{"url":"http://127.0.0.1:1/"}`, map[string]any{"failed": true, "status": -1.0, "msg": "GET http://127.0.0.1:1/: connection to 127.0.0.1:1 refused", "hint": "is the service started, and does it listen on this address and port? (ss -ltn)"}},
		"dest":           {`{"url":"$/json","dest":"/out"}`, map[string]any{"changed": true, "path": "/out"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.WriteFile(filepath.Join(root, "body"), []byte("data"), 0o600); err != nil {
				t.Fatal(err)
			}
			netrc := "# of the tests\nmachine other login a password b\nmacdef x\nmachine 127.0.0.1\n\nmachine 127.0.0.1 login ops\n\tpassword \"hush\"\ndefault login c password d\n"
			if err := os.WriteFile(filepath.Join(root, "netrc"), []byte(netrc), 0o600); err != nil {
				t.Fatal(err)
			}
			m := &sys.Machine{Root: root, Env: map[string]string{"NETRC": "/netrc"}}
			got := systest.Call(t, &URI, m, strings.ReplaceAll(c.args, "$", server.URL))
			for key, want := range c.want {
				if !reflect.DeepEqual(got[key], want) {
					t.Errorf("%s is %#v, want %#v", key, got[key], want)
				}
			}
		})
	}
}

func TestURIDestIsIdempotent(t *testing.T) {
	server := httptest.NewServer(service())
	defer server.Close()
	root := t.TempDir()
	args := `{"url":"` + server.URL + `/json","dest":"/","mode":"0600"}`
	for i, want := range []bool{true, false} {
		got := systest.Call(t, &URI, &sys.Machine{Root: root}, args)
		if got["changed"] != want || got["path"] != "/json" {
			t.Errorf("run %d: %v", i, got)
		}
	}
}

func TestURIInCheckMode(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	for method, want := range map[string]int{"GET": 1, "HEAD": 1, "POST": 0, "DELETE": 0} {
		asked = 0
		got := systest.Call(t, &URI, &sys.Machine{Check: true}, fmt.Sprintf(`{"url":%q,"method":%q}`, server.URL, method))
		if asked != want || (got["skipped"] == true) != (want == 0) {
			t.Errorf("%s: asked %d times, %v", method, asked, got)
		}
	}
}

func TestURIOverUnixSocketAndTLS(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	plain := &httptest.Server{Listener: listener, Config: &http.Server{Handler: service()}}
	plain.Start()
	defer plain.Close()
	if got := systest.Call(t, &URI, &sys.Machine{}, `{"url":"http://any/echo","unix_socket":"`+socket+`"}`); got["status"] != 200.0 {
		t.Errorf("unix socket: %v", got)
	}
	server := httptest.NewServer(service())
	defer server.Close()
	secure := httptest.NewTLSServer(service())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer secure.Close()
	for args, want := range map[string]string{
		`{"url":"` + secure.URL + `/echo"}`:                                        "the server's certificate is signed by an authority that this machine does not trust\nhint: add the authority's certificate",
		`{"url":"` + strings.Replace(server.URL, "http:", "https:", 1) + `/echo"}`: "the server does not speak TLS on this port\nhint: does the address begin with http://",
		`{"url":"http://any/","unix_socket":"` + socket + `2"}`:                    "there is no socket " + socket + "2\nhint: is the service that makes it started?",
		`{"url":"` + server.URL + `/hang-up"}`:                                     "the server closed the connection without an answer",
		`{"url":"` + server.URL + `/short","return_content":true}`:                 "it ends too early, a part of it is missing",
	} {
		if got := systest.Call(t, &URI, &sys.Machine{}, args); got["failed"] != true || !strings.Contains(fmt.Sprint(got["msg"], "\nhint: ", got["hint"]), want) {
			t.Errorf("%s: got %v, want %s", args, got, want)
		}
	}
	if got := systest.Call(t, &URI, &sys.Machine{}, `{"url":"`+secure.URL+`/echo","validate_certs":false}`); got["status"] != 200.0 {
		t.Errorf("validate_certs: %v", got)
	}
}
