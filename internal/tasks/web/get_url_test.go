package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

const helloSHA256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

// files serves /app.tgz, counts how often it sent its bytes, and serves digests.
func files(sent *int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/app.tgz", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		*sent++
		fmt.Fprint(w, "hello\n")
	})
	mux.HandleFunc("/get", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="../named"`)
		fmt.Fprint(w, "hello\n")
	})
	mux.HandleFunc("/sums", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "# sums\n%s  other\n%s *./app.tgz\n", strings.Repeat("0", 64), helloSHA256)
	})
	return mux
}

func TestGetURLRunsThreeTimes(t *testing.T) {
	sent := 0
	server := httptest.NewServer(files(&sent))
	defer server.Close()
	for name, c := range map[string]struct {
		args, path string
		old        string // what is there before
		sent       int    // how often the bytes came, in all three runs
	}{
		"new":             {`{"url":"$/app.tgz","dest":"/x","mode":"0600"}`, "x", "", 2},
		"checksum":        {`{"url":"$/app.tgz","dest":"/x","checksum":"sha256:` + helloSHA256 + `"}`, "x", "", 2},
		"checksum file":   {`{"url":"$/app.tgz","dest":"/x","checksum":"sha256:$/sums"}`, "x", "", 2},
		"checksum wrong":  {`{"url":"$/app.tgz","dest":"/x","checksum":"sha256:` + helloSHA256 + `"}`, "x", "old\n", 2},
		"forced":          {`{"url":"$/app.tgz","dest":"/x","force":true}`, "x", "old\n", 3},
		"folder":          {`{"url":"$/app.tgz?v=1","dest":"/"}`, "app.tgz", "", 3},
		"folder checksum": {`{"url":"$/app.tgz","dest":"/","checksum":"sha256:` + helloSHA256 + `"}`, "app.tgz", "", 2},
		"named":           {`{"url":"$/get","dest":"/"}`, "named", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			sent = 0
			if c.old != "" {
				if err := os.WriteFile(filepath.Join(root, c.path), []byte(c.old), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			args := strings.ReplaceAll(c.args, "$", server.URL)
			for _, phase := range []string{"check", "apply", "again"} {
				before := systest.Snapshot(t, root)
				got := systest.Call(t, &GetURL, &sys.Machine{Root: root, Check: phase == "check"}, args)
				if got["failed"] != nil || got["changed"] != (phase != "again") {
					t.Errorf("%s: %v", phase, got)
				}
				if phase != "apply" && !reflect.DeepEqual(before, systest.Snapshot(t, root)) {
					t.Errorf("%s changed files", phase)
				}
			}
			if data, err := os.ReadFile(filepath.Join(root, c.path)); err != nil || string(data) != "hello\n" {
				t.Errorf("got %q, %v", data, err)
			}
			if sent != c.sent {
				t.Errorf("sent %d times, want %d", sent, c.sent)
			}
		})
	}
}

func TestGetURLAsksForANewerFile(t *testing.T) {
	sent := 0
	server := httptest.NewServer(files(&sent))
	defer server.Close()
	root := t.TempDir()
	path := filepath.Join(root, "x")
	if err := os.WriteFile(path, []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, time.Unix(1700000000, 0)); err != nil {
		t.Fatal(err)
	}
	got := systest.Call(t, &GetURL, &sys.Machine{Root: root}, `{"url":"`+server.URL+`/app.tgz","dest":"/x"}`)
	if got["changed"] != false || got["status_code"] != 304.0 || sent != 0 {
		t.Errorf("got %v", got)
	}
}

func TestGetURLFails(t *testing.T) {
	server := httptest.NewServer(files(new(int)))
	defer server.Close()
	root := t.TempDir()
	local := filepath.Join(root, "local")
	if err := os.WriteFile(local, []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := systest.Snapshot(t, root)
	for args, want := range map[string]string{
		`{"url":"$/none","dest":"/x"}`:                                              `download $/none: the server answered 404 Not Found`,
		`{"url":"$/app.tgz","dest":"/no/x"}`:                                        `folder "/no" does not exist`,
		`{"url":"$/app.tgz","dest":"/no/"}`:                                         `dest folder "/no/" does not exist`,
		`{"url":"$/app.tgz","dest":"/x","checksum":"00"}`:                           `has not the form sha256:DIGITS or sha256:ADDRESS`,
		`{"url":"$/app.tgz","dest":"/x","checksum":"crc:00"}`:                       `checksum algorithm "crc" is none of`,
		`{"url":"$/app.tgz","dest":"/x","checksum":"md5:00"}`:                       `"00" is no md5 digest`,
		`{"url":"$/app.tgz","dest":"/x","checksum":"md5:` + helloSHA256[:32] + `"}`: `the md5 digest is b1946ac92492d2347c6235b4d2611184, not 5891`,
		`{"url":"$/get","dest":"/x","checksum":"sha256:$/sums"}`:                    `no digest of "get" in this file`,
		`{"url":"file:///gone","dest":"/x"}`:                                        `download file:///gone: no such file or directory`,
		`{"url":"ftp://h/x","dest":"/x"}`:                                           `does not start with http:// or https://`,
	} {
		got := systest.Call(t, &GetURL, &sys.Machine{Root: root}, strings.ReplaceAll(args, "$", server.URL))
		msg, _ := got["msg"].(string)
		if got["failed"] != true || !strings.Contains(msg, strings.ReplaceAll(want, "$", server.URL)) {
			t.Errorf("%s: got %v, want %s", args, got, want)
		}
	}
	if !reflect.DeepEqual(before, systest.Snapshot(t, root)) {
		t.Error("a failed download left something")
	}
	got := systest.Call(t, &GetURL, &sys.Machine{Root: root}, `{"url":"file:///local","dest":"/x"}`)
	if got["failed"] != nil || got["changed"] != true {
		t.Errorf("file: %v", got)
	}
}

func TestFindSum(t *testing.T) {
	for text, want := range map[string]string{
		"aa  x\nbb  y\n":                   "bb",
		"aa *dir/y\n":                      "aa",
		"SHA256 (x) = aa\nSHA256 (y) = bb": "bb",
		"cc\n":                             "cc",
		"cc\ndd\n":                         "",
		"aa  x\n":                          "",
		"":                                 "",
	} {
		if got, ok := findSum(strings.NewReader(text), "y"); ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// TestGetURLDownloadsToTheFolderAskedFor: the machine's own folder is not needed
// then, and nothing is left in the other one.
func TestGetURLDownloadsToTheFolderAskedFor(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "own"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", filepath.Join(root, "none"))
	server := httptest.NewServer(files(new(int)))
	defer server.Close()
	got := systest.Call(t, &GetURL, &sys.Machine{Root: root}, `{"url":"`+server.URL+`/app.tgz","dest":"/x","tmp_dest":"/own"}`)
	left, _ := filepath.Glob(filepath.Join(root, "own", "*"))
	if got["changed"] != true || len(left) != 0 {
		t.Errorf("got %v, left %q", got, left)
	}
	if got := systest.Call(t, &GetURL, &sys.Machine{Root: root}, `{"url":"`+server.URL+`/app.tgz","dest":"/y"}`); got["failed"] != true {
		t.Errorf("without tmp_dest: got %v", got)
	}
}

func TestGetURLNeedsTheFolderAskedFor(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(files(new(int)))
	defer server.Close()
	for folder, want := range map[string]string{
		"/none": "/none directory does not exist.",
		"/file": "/file is a file but should be a directory.",
	} {
		got := systest.Call(t, &GetURL, &sys.Machine{Root: root}, `{"url":"`+server.URL+`/app.tgz","dest":"/x","tmp_dest":"`+folder+`"}`)
		if got["failed"] != true || got["msg"] != want {
			t.Errorf("%s: got %v", folder, got)
		}
		if _, err := os.Stat(filepath.Join(root, "x")); err == nil {
			t.Errorf("%s: the file was written", folder)
		}
	}
}
