package docker

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/registry"
	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/tasks/sys"
)

var modules = map[string]*sys.Module{
	"docker_container": &Container, "docker_container_info": &ContainerInfo, "docker_host_info": &HostInfo, "docker_image": &Image,
	"docker_login": &Login, "docker_network": &Network, "docker_prune": &Prune, "docker_volume": &Volume,
	"docker_container_exec": &ContainerExec, "docker_image_info": &ImageInfo, "docker_network_info": &NetworkInfo, "docker_volume_info": &VolumeInfo,
}

func decodeHeader(header string) (string, error) {
	data, err := base64.URLEncoding.DecodeString(header)
	if err != nil {
		return "", err
	}
	var auth registry.AuthConfig
	err = json.Unmarshal(data, &auth)
	return auth.Username + ":" + auth.Password, err
}

// call runs a module on the fake engine, with a home folder for the logins.
func call(t *testing.T, e *fakeEngine, home, module string, check bool, args string) map[string]any {
	t.Helper()
	given := map[string]any{}
	if err := json.Unmarshal([]byte(args), &given); err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	if _, ok := given["docker_host"]; !ok {
		given["docker_host"] = e.host
	}
	data, _ := json.Marshal(given)
	mod, ok := modules[module]
	if !ok {
		t.Fatalf("no module %q", module)
	}
	m := &sys.Machine{Check: check, Diff: true, Env: map[string]string{"DOCKER_CONFIG": home}}
	var out map[string]any
	if err := json.Unmarshal(mod.Run(context.Background(), m, data), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCases runs the cases of testdata/cases. Their files are
//
//	setup    calls that come before, one a line: MODULE {arguments}
//	call     the call that is tested; it runs in check mode, where the engine must
//	         not be changed, for real, and again, when nothing may change
//	changes  what the first two runs say to change, one a line; nothing without it
//	diff     what the diff of the real run holds, where it is looked at
//	msg      the error of the real run; then there is no third run
//	result   values that the last run returns, as an object
//
// The engine has the images app:1, app:2 and needy:1; its registry has remote/app:1
// and, for the login u:right, private.example/app:1. $HOME is the folder of the logins.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, file) })
	}
}

func fakeWithImages(t *testing.T) *fakeEngine {
	e := startFake(t)
	e.addImage(e.images, "app:1")
	e.addImage(e.images, "app:2")
	e.addImage(e.registry, "remote/app:1")
	e.addImage(e.registry, "private.example/app:1")
	return e
}

func runCase(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e, home := fakeWithImages(t), t.TempDir()
	parts := map[string]string{}
	for _, f := range archive.Files {
		parts[f.Name] = strings.ReplaceAll(strings.TrimSpace(string(f.Data)), "$HOME", home)
	}
	for _, line := range strings.Split(parts["setup"], "\n") {
		if module, args, ok := strings.Cut(line, " "); ok {
			if out := call(t, e, home, module, false, args); out["failed"] == true {
				t.Fatalf("setup: %s: %v", line, out["msg"])
			}
		}
	}
	if strings.Contains(parts["call"], "private.example") {
		e.needsAuth = "u:right"
	}
	module, args, _ := strings.Cut(parts["call"], " ")
	before := len(e.changes)
	out := call(t, e, home, module, true, args)
	if len(e.changes) != before {
		t.Errorf("check mode changed the engine: %v", e.changes[before:])
	}
	if _, fails := parts["msg"]; !fails {
		compareCase(t, "check", out, parts)
	}
	out = call(t, e, home, module, false, args)
	if msg, fails := parts["msg"]; fails {
		if got := said(out); got != msg {
			t.Errorf("got error\n%s\nwant\n%s", got, msg)
		}
	} else {
		compareCase(t, "apply", out, parts)
		if want, ok := parts["diff"]; ok {
			diff, _ := json.Marshal(out["diff"])
			if !strings.Contains(string(diff), want) {
				t.Errorf("got diff %s, want %s in it", diff, want)
			}
		}
		delete(parts, "changes")
		out = call(t, e, home, module, false, args)
		compareCase(t, "again", out, parts)
	}
	contains(t, "result", out, parts["result"])
}

// said returns a failure's message, and below it the next step.
func said(out map[string]any) string {
	msg, _ := out["msg"].(string)
	if hint, ok := out["hint"].(string); ok {
		msg += "\nhint: " + hint
	}
	return msg
}

func compareCase(t *testing.T, run string, out map[string]any, parts map[string]string) {
	t.Helper()
	if out["failed"] == true {
		t.Errorf("%s failed: %v", run, out["msg"])
	}
	var lines []string
	for _, c := range asList(out["changes"]) {
		lines = append(lines, c.(string))
	}
	if got := strings.Join(lines, "\n"); got != parts["changes"] {
		t.Errorf("%s: got changes\n%s\nwant\n%s", run, got, parts["changes"])
	}
	if changed := parts["changes"] != ""; out["changed"] != changed {
		t.Errorf("%s: changed is %v", run, out["changed"])
	}
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

// contains checks that got holds what the object want has, at any depth.
func contains(t *testing.T, where string, got map[string]any, want string) {
	t.Helper()
	if want == "" {
		return
	}
	var wanted map[string]any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	var walk func(where string, got, want any)
	walk = func(where string, got, want any) {
		w, ok := want.(map[string]any)
		if !ok {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s is %v, want %v", where, got, want)
			}
			return
		}
		g, _ := got.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(w)) {
			walk(where+"."+k, g[k], w[k])
		}
	}
	walk(where, got, wanted)
}

// TestMatrix makes a container with each argument of testdata/matrix.txt, asks
// for the same again, and then for something else.
func TestMatrix(t *testing.T) {
	data, err := os.ReadFile("testdata/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{"image": true}
	e, home := fakeWithImages(t), t.TempDir()
	e.networks["net1"] = e.networks["bridge"]
	for _, line := range bytes.Split(data, []byte("\n")) {
		columns := strings.Split(string(line), " | ")
		if len(columns) != 4 || line[0] == '#' {
			continue
		}
		name, one, other, says := columns[0], columns[1], columns[2], columns[3]
		tested[name] = true
		t.Run(name, func(t *testing.T) {
			args := func(v string) string { return fmt.Sprintf(`{"name":"c-%s","image":"app:1",%s}`, name, v) }
			if out := call(t, e, home, "docker_container", false, args(one)); out["failed"] == true {
				t.Fatalf("%s: %v", one, out["msg"])
			}
			if out := call(t, e, home, "docker_container", false, args(one)); out["changed"] != false {
				t.Fatalf("%s again: %v %v", one, out["changes"], out["diff"])
			}
			if out := call(t, e, home, "docker_container", false, fmt.Sprintf(`{"name":"c-%s","image":"app:1"}`, name)); out["changed"] != false {
				t.Fatalf("without the argument: %v", out["changes"])
			}
			out := call(t, e, home, "docker_container", false, args(other))
			if got := fmt.Sprint(asList(out["changes"])...); got != strings.ReplaceAll(strings.TrimSpace(says), "%s", "container c-"+name) {
				t.Fatalf("%s: got %q, want %q: %v", other, got, says, out["msg"])
			}
			if out := call(t, e, home, "docker_container", false, args(other)); out["changed"] != false {
				t.Fatalf("%s again: %v %v", other, out["changes"], out["diff"])
			}
			call(t, e, home, "docker_container", false, fmt.Sprintf(`{"name":"c-%s","state":"absent"}`, name))
		})
	}
	for _, o := range options {
		if !tested[o.name] {
			t.Errorf("option %s is not in testdata/matrix.txt", o.name)
		}
	}
}

func TestOptionsAreSortedAndArguments(t *testing.T) {
	known := map[string]bool{}
	for _, a := range Container.Args() {
		known[a.Name] = true
	}
	for i, o := range options {
		if i > 0 && options[i-1].name >= o.name {
			t.Errorf("option %s is not in its place", o.name)
		}
		if !known[o.name] {
			t.Errorf("option %s is no argument", o.name)
		}
	}
}
