package mysql

import (
	"cmp"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"fleet/internal/tasks/database/databasetest"
	"fleet/internal/tasks/sys"
)

// TestCases runs the cases of each module against a server that plays their dialogs.
func TestCases(t *testing.T) {
	start := func(t *testing.T, files map[string]string, d *databasetest.Dialog) map[string]any {
		s := startFake(t, cmp.Or(files["version"], "10.11.6-MariaDB"), d)
		return map[string]any{"login_user": "root", "login_password": "right", "login_unix_socket": s.socket, "config_file": ""}
	}
	databasetest.RunCases(t, start, &MysqlDB, &MysqlInfo, &MysqlQuery, &MysqlReplication, &MysqlUser, &MysqlVariables)
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
