package docker

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoginFile(t *testing.T) {
	e, home := startFake(t), t.TempDir()
	path := filepath.Join(home, "config.json")
	if err := os.WriteFile(path, []byte(`{"auths":{"other.example":{"auth":"YTpi"}},"psFormat":"x","proxies":{"a":{"b":1}}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	args := `{"registry_url":"reg.example:5000","username":"100012345","password":"right"}`
	if out := call(t, e, home, "docker_login", false, args); out["changed"] != true {
		t.Fatalf("got %v", out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	auths := got["auths"].(map[string]any)
	if auths["other.example"] == nil || got["psFormat"] != "x" || got["proxies"] == nil {
		t.Errorf("other entries are lost: %s", data)
	}
	if auth := auths["reg.example:5000"].(map[string]any)["auth"]; auth != "MTAwMDEyMzQ1OnJpZ2h0" {
		t.Errorf("the login is %v", auth)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	// The registry is not asked again: with a wrong host there would be an error.
	e.host = "unix:///nonexistent"
	if out := call(t, e, home, "docker_login", false, args); out["changed"] != false || out["failed"] == true {
		t.Errorf("again: %v", out)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if out := call(t, e, home, "docker_login", false, args); out["changed"] != true {
		t.Errorf("a login that others can read is left: %v", out)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(home, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLoginShowsNoPassword(t *testing.T) {
	e, home := startFake(t), t.TempDir()
	for _, password := range []string{"right", "hunter2-wrong"} {
		for _, check := range []bool{true, false} {
			out := call(t, e, home, "docker_login", check, `{"registry_url":"reg.example","username":"u","password":"`+password+`"}`)
			if data, _ := json.Marshal(out); strings.Contains(string(data), password) {
				t.Errorf("the password is shown: %s", data)
			}
		}
	}
}

// TestLoginHelper keeps logins in a credential helper that is a shell script here.
func TestLoginHelper(t *testing.T) {
	e, home, bin := startFake(t), t.TempDir(), t.TempDir()
	script := "#!/bin/sh\ncase $1 in\nstore) cat >" + home + "/kept;;\nget) test -f " + home + "/kept && cat " + home + "/kept || { echo 'credentials not found'; exit 1; };;\nerase) rm " + home + "/kept;;\nesac\n"
	if err := os.WriteFile(filepath.Join(bin, "docker-credential-script"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if err := os.WriteFile(filepath.Join(home, "config.json"), []byte(`{"credsStore":"script"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		args    string
		changed bool
	}{
		{`{"registry_url":"reg.example","username":"u","password":"right"}`, true},
		{`{"registry_url":"reg.example","username":"u","password":"right"}`, false},
		{`{"registry_url":"reg.example","state":"absent"}`, true},
		{`{"registry_url":"reg.example","state":"absent"}`, false},
	} {
		if out := call(t, e, home, "docker_login", false, step.args); out["changed"] != step.changed || out["failed"] == true {
			t.Errorf("step %d: %v", i, out)
		}
	}
	if data, _ := os.ReadFile(filepath.Join(home, "config.json")); strings.Contains(string(data), "auths") {
		t.Errorf("the login is in the file too: %s", data)
	}
}

// TestCheckWithoutEngine runs each module in check mode where Docker is still
// to be installed.
func TestCheckWithoutEngine(t *testing.T) {
	e, home := &fakeEngine{host: "unix:///nonexistent/docker.sock"}, t.TempDir()
	for module, args := range map[string]string{
		"docker_container":      `{"name":"a","image":"app:1","networks":[{"name":"n"}]}`,
		"docker_image":          `{"name":"app:1","source":"pull","repository":"x:1","push":true}`,
		"docker_login":          `{"registry_url":"r","username":"u","password":"p"}`,
		"docker_network":        `{"name":"a","connected":["b"]}`,
		"docker_volume":         `{"name":"a"}`,
		"docker_container_info": `{"name":"a"}`,
		"docker_host_info":      `{"containers":true}`,
		"docker_prune":          `{"containers":true}`,
	} {
		out := call(t, e, home, module, true, args)
		reads := strings.HasSuffix(module, "_info") || module == "docker_prune"
		if out["failed"] == true || out["changed"] == reads || len(asList(out["warnings"])) != 1 {
			t.Errorf("%s: %v", module, out)
		}
	}
	out := call(t, e, home, "docker_container", true, `{"name":"a","image":"app:1"}`)
	contains(t, "container", out, `{"container":{"Name":"/a","State":{"Running":true},"NetworkSettings":{"IPAddress":"","Networks":{"bridge":{"IPAddress":""}}}}}`)
}

func TestPrune(t *testing.T) {
	e, home := fakeWithImages(t), t.TempDir()
	call(t, e, home, "docker_container", false, `{"name":"a","image":"app:1"}`)
	if out := call(t, e, home, "docker_prune", false, `{"containers":true}`); out["changed"] != false {
		t.Errorf("nothing to prune: %v", out)
	}
	call(t, e, home, "docker_container", false, `{"name":"b","image":"app:1","state":"present"}`)
	if out := call(t, e, home, "docker_prune", true, `{"containers":true}`); out["changed"] != true {
		t.Errorf("check mode: %v", out)
	}
	out := call(t, e, home, "docker_prune", false, `{"containers":true}`)
	if out["changed"] != true || len(asList(out["containers"])) != 1 || out["containers_space_reclaimed"] != 7.0 {
		t.Errorf("got %v", out)
	}
}
