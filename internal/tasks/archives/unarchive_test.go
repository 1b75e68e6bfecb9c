package archives

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
	"fleet/internal/wire"
)

var packed = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

func tarOf(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range headers {
		text := h.PAXRecords["FLEET.text"]
		h.PAXRecords = nil
		h.Size, h.ModTime, h.Uid, h.Gid = int64(len(text)), packed, os.Getuid(), os.Getgid()
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func tarFile(name, text string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, PAXRecords: map[string]string{"FLEET.text": text}}
}

func tarLink(kind byte, name, target string) tar.Header {
	return tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o777}
}

func sample(t *testing.T) []byte {
	return tarOf(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "./app/", Mode: 0o750},
		tarFile("./app/run", "#!/bin/sh\n", 0o755),
		tarFile("app/conf/a", "a\n", 0o640),
		tarLink(tar.TypeSymlink, "app/current", "conf"),
		tarLink(tar.TypeLink, "app/same", "app/conf/a"))
}

func gzipped(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(data)
	_ = w.Close()
	return out.Bytes()
}

func zipped(t *testing.T) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range map[string]string{"app/run": "#!/bin/sh\n", "app/conf/a": "a\n"} {
		h := &zip.FileHeader{Name: name, Modified: packed}
		h.SetMode(0o755)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(f, text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestUnarchiveRunsThreeTimes(t *testing.T) {
	for name, c := range map[string]struct {
		data    []byte
		args    string
		handler string
		want    string // the files in the end
	}{
		"tar":     {sample(t), ``, "TarArchive", "app app/conf app/conf/a app/current app/run app/same"},
		"gzip":    {gzipped(sample(t)), ``, "TgzArchive", "app app/conf app/conf/a app/current app/run app/same"},
		"zip":     {zipped(t), ``, "ZipArchive", "app app/conf app/conf/a app/run"},
		"strip":   {sample(t), `,"extra_opts":["--strip-components=1"]`, "TarArchive", "conf conf/a current run same"},
		"exclude": {sample(t), `,"exclude":["app/conf","same"]`, "TarArchive", "app app/current app/run"},
		"include": {sample(t), `,"include":["*/run"]`, "TarArchive", "app app/run"},
		"mode":    {sample(t), `,"mode":"u=rwX,go="`, "TarArchive", "app app/conf app/conf/a app/current app/run app/same"},
		"remote":  {nil, `,"remote_src":true,"src":"/sent.tar"`, "TarArchive", "app app/conf app/conf/a app/current app/run app/same"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "d"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "sent.tar"), sample(t), 0o600); err != nil {
				t.Fatal(err)
			}
			args := `{"dest":"/d"` + c.args + `}`
			if !strings.Contains(args, `"src"`) {
				args = `{"dest":"/d","src":"x"` + c.args + `}`
			}
			for _, phase := range []string{"check", "apply", "again"} {
				m := &sys.Machine{Root: root, Check: phase == "check"}
				systest.Offer(m, []wire.File{{Name: "x"}}, map[string][]byte{"x": c.data})
				before := systest.Snapshot(t, root)
				got := systest.Call(t, &Unarchive, m, args)
				if got["failed"] != nil || got["changed"] != (phase != "again") || got["handler"] != c.handler {
					t.Errorf("%s: %v", phase, got)
				}
				if phase != "apply" && !reflect.DeepEqual(before, systest.Snapshot(t, root)) {
					t.Errorf("%s changed files", phase)
				}
			}
			if got := listBelow(t, filepath.Join(root, "d")); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func listBelow(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, path); rel != "." {
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func unpackOnce(t *testing.T, root string, data []byte, args string) map[string]any {
	t.Helper()
	m := &sys.Machine{Root: root}
	systest.Offer(m, []wire.File{{Name: "x"}}, map[string][]byte{"x": data})
	return systest.Call(t, &Unarchive, m, `{"dest":"/d","src":"x"`+args+`}`)
}

func TestUnarchiveRepairsWhatDiffers(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	unpackOnce(t, root, sample(t), "")
	run := filepath.Join(root, "d/app/run")
	want := systest.Snapshot(t, root)
	for name, spoil := range map[string]func() error{
		"content": func() error { return os.WriteFile(run, []byte("#!/bin/no\n"), 0o755) },
		"mode":    func() error { return os.Chmod(run, 0o700) },
		"gone":    func() error { return os.Remove(run) },
		"link": func() error {
			_ = os.Remove(run)
			return os.Symlink("/etc/passwd", run)
		},
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		got := unpackOnce(t, root, sample(t), "")
		if got["changed"] != true || !strings.HasPrefix(got["changes"].([]any)[0].(string), "unpack 1 of 5 files") {
			t.Errorf("%s: %v", name, got)
		}
		if !reflect.DeepEqual(want, systest.Snapshot(t, root)) {
			t.Errorf("%s was not repaired", name)
		}
	}
	late := time.Now()
	if err := os.WriteFile(run, []byte("mine"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(run, late, late); err != nil {
		t.Fatal(err)
	}
	if got := unpackOnce(t, root, sample(t), `,"keep_newer":true`); got["changed"] != false {
		t.Errorf("keep_newer: %v", got)
	}
}

// damaged returns the bytes with some in their middle changed.
func damaged(data []byte) []byte {
	data = bytes.Clone(data)
	for i := len(data) / 2; i < len(data)-8; i++ {
		data[i] ^= 0xff
	}
	return data
}

// What is outside of dest stays as it is, whatever the archive holds.
func TestUnarchiveNeverLeavesDest(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"dots":         {tarOf(t, tarFile("../out/x", "bad", 0o644)), `"../out/x" leads out of dest`},
		"dots inside":  {tarOf(t, tarFile("a/../../out/x", "bad", 0o644)), `leads out of dest`},
		"link dir":     {tarOf(t, tarLink(tar.TypeSymlink, "l", "../out"), tarFile("l/x", "bad", 0o644)), `it leads out of dest by a link`},
		"link abs":     {tarOf(t, tarLink(tar.TypeSymlink, "l", "/"), tarFile("l/x", "bad", 0o644)), `it leads out of dest by a link`},
		"link chain":   {tarOf(t, tarLink(tar.TypeSymlink, "a", "."), tarLink(tar.TypeSymlink, "a/b", ".."), tarFile("a/b/out/x", "bad", 0o644)), `it leads out of dest by a link`},
		"hard link":    {tarOf(t, tarLink(tar.TypeLink, "h", "../out/keep")), `leads out of dest`},
		"hard by link": {tarOf(t, tarLink(tar.TypeSymlink, "l", "../out"), tarLink(tar.TypeLink, "h", "l/keep")), `it leads out of dest by a link`},
		"mode by link": {tarOf(t, tarLink(tar.TypeSymlink, "l", "../out/keep"), tar.Header{Typeflag: tar.TypeDir, Name: "l/", Mode: 0o777}), ``},
		"device":       {tarOf(t, tar.Header{Typeflag: tar.TypeChar, Name: "null", Mode: 0o666}), `is neither a file nor a folder nor a link`},
		"no archive":   {bytes.Repeat([]byte("text\n"), 300), `this is neither a tar nor a zip archive`},
		"cut":          {gzipped(sample(t))[:60], `archive "x": it ends too early, a part of it is missing`},
		"short text":   {[]byte("text\n"), `archive "x": this is neither a tar nor a zip archive`},
		"damaged":      {damaged(gzipped(sample(t))), `archive "x": it is damaged`},
		"zip cut":      {[]byte("PK\x03\x04 and no more"), `archive "x": it is damaged`},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, dir := range []string{"d", "out"} {
				if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			keep := filepath.Join(root, "out/keep")
			if err := os.WriteFile(keep, []byte("keep"), 0o600); err != nil {
				t.Fatal(err)
			}
			before := systest.Snapshot(t, filepath.Join(root, "out"))
			got := unpackOnce(t, root, c.data, "")
			msg, _ := got["msg"].(string)
			if c.want != "" && (got["failed"] != true || !strings.Contains(msg, c.want)) {
				t.Errorf("got %v, want %s", got, c.want)
			}
			if !reflect.DeepEqual(before, systest.Snapshot(t, filepath.Join(root, "out"))) {
				t.Error("something outside of dest was changed")
			}
		})
	}
}

func TestUnarchiveRefuses(t *testing.T) {
	root := t.TempDir()
	for args, want := range map[string]string{
		`,"extra_opts":["--transform=s/a/b/"]`:     `option "--transform=s/a/b/" is not supported`,
		`,"extra_opts":["--strip-components","x"]`: `--strip-components needs a number, not "x"`,
		``:                                 `dest "/d" is not a folder that exists`,
		`,"include":["a"],"exclude":["b"]`: `parameters are mutually exclusive: include|exclude`,
		`,"creates":"/","list_files":true,"extra_opts":["--strip=1"]`: `skipped, since / exists`,
	} {
		got := unpackOnce(t, root, sample(t), args)
		if msg, _ := got["msg"].(string); !strings.Contains(msg, want) {
			t.Errorf("%s: got %v, want %s", args, got, want)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	got := unpackOnce(t, root, sample(t), `,"list_files":true,"remote_src":true`)
	if msg, _ := got["msg"].(string); !strings.Contains(msg, `archive "x": no such file`) {
		t.Errorf("got %v", got)
	}
}

// The archive's own folder gives dest its mode, as tar does; an archive that names no such folder leaves dest alone.
func TestUnarchiveOwnFolder(t *testing.T) {
	for name, c := range map[string]struct {
		members []tar.Header
		want    os.FileMode
	}{
		"named":     {[]tar.Header{{Name: "./", Typeflag: tar.TypeDir, Mode: 0o750}, tarFile("./a", "x", 0o644)}, 0o750},
		"not named": {[]tar.Header{tarFile("a", "x", 0o644)}, 0o711},
	} {
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, "d"), 0o711); err != nil {
			t.Fatal(err)
		}
		data := tarOf(t, c.members...)
		for _, changed := range []bool{true, false} {
			if got := unpackOnce(t, root, data, `,"extra_opts":["--no-same-owner"]`); got["changed"] != changed {
				t.Errorf("%s: want changed %v, got %v", name, changed, got)
			}
		}
		if info, err := os.Stat(filepath.Join(root, "d")); err != nil || info.Mode().Perm() != c.want {
			t.Errorf("%s: %v (%v), want %v", name, info.Mode(), err, c.want)
		}
	}
}
