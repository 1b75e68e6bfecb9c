package mysql

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// TestCases runs each case of testdata/MODULE: its args against a server that
// expects a dialog in check mode, another one in apply, and a third one in again.
// What is changed is said in check.json and so on; without "changed" in it, check
// and apply must change and again must not.
func TestCases(t *testing.T) {
	for _, mod := range []*sys.Module{&MysqlDB, &MysqlInfo, &MysqlQuery, &MysqlReplication, &MysqlUser, &MysqlVariables} {
		files, err := filepath.Glob("testdata/" + mod.Name + "/*.txtar")
		if err != nil || len(files) == 0 {
			t.Fatalf("no cases of %s: %v", mod.Name, err)
		}
		for _, file := range files {
			t.Run(mod.Name+"/"+strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, mod, file) })
		}
	}
}

func runCase(t *testing.T, mod *sys.Module, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"version": "10.11.6-MariaDB"}
	for _, f := range archive.Files {
		files[f.Name] = strings.TrimSuffix(string(f.Data), "\n")
	}
	for _, phase := range []string{"check", "apply", "again"} {
		text, there := files[phase]
		if !there {
			continue
		}
		dialog, err := parseDialog(text)
		if err != nil {
			t.Fatal(err)
		}
		s := startFake(t, files["version"], dialog)
		args := map[string]any{"login_user": "root", "login_password": "right", "login_unix_socket": s.socket, "config_file": ""}
		if err := json.Unmarshal([]byte(files["args"]), &args); err != nil {
			t.Fatal(err)
		}
		given, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		got := systest.Call(t, mod, &sys.Machine{Check: phase == "check", Diff: true}, string(given))
		compare(t, phase, got, files[phase+".json"])
		s.mu.Lock()
		for _, e := range s.dialog {
			t.Errorf("%s: the statement did not come: %s", phase, e.sql)
		}
		s.mu.Unlock()
	}
}

func compare(t *testing.T, phase string, got map[string]any, text string) {
	t.Helper()
	want := map[string]any{}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("%s.json: %v", phase, err)
		}
	}
	if _, ok := want["changed"]; !ok {
		want["changed"] = phase != "again"
	}
	if _, ok := want["failed"]; !ok && got["failed"] != nil {
		t.Errorf("%s failed: %v", phase, got["msg"])
	}
	for key, value := range want {
		if !reflect.DeepEqual(got[key], value) {
			t.Errorf("%s: result %q is %v, want %v", phase, key, got[key], value)
		}
	}
}

func TestClientOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my.cnf")
	text := "user=nobody\n[mysql]\nuser=a\n[client]\n# user=b\nuser = deploy\npassword=\"p=w#\"\nssl_ca=/ca.pem\n[mysqld]\nport=1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := clientOptions(&sys.Machine{}, file)
	if want := map[string]string{"user": "deploy", "password": "p=w#", "ssl-ca": "/ca.pem"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// The hashes are what Python's crypt and MariaDB's PASSWORD give.
func TestHashes(t *testing.T) {
	if got, want := nativeHash("password"), "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := shaCrypt("Hello world!", "saltstring", 5000), "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	salt := "abcdefghij0123456789"
	kept := "$A$005$" + salt + shaCrypt("right", salt, 5000)
	if !cachedSame(kept, "right") || cachedSame(kept, "wrong") || cachedSame("", "right") {
		t.Error("caching_sha2_password is not compared")
	}
}

func TestPasswordWrong(t *testing.T) {
	for _, plugin := range []string{"mysql_native_password", "caching_sha2_password", "unix_socket"} {
		s := startFake(t, "8.0.36", nil)
		s.plugin = plugin
		m := &sys.Machine{}
		for password, ok := range map[string]bool{"right": true, "wrong": plugin == "unix_socket"} {
			c, err := connect(t.Context(), m, &loginArgs{LoginUser: "root", LoginPassword: password, LoginUnixSocket: s.socket, ConnectTimeout: 5}, "")
			if err == nil {
				c.close()
			}
			if (err == nil) != ok || err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("%s, %s: %v", plugin, password, err)
			}
		}
	}
}
