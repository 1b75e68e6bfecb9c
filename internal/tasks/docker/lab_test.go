//go:build lab

package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// These tests run on the engine that DOCKER_HOST or the usual socket names:
// go test -tags lab ./internal/tasks/docker. What they make has names that
// start with labPrefix, and is removed again.
const (
	labPrefix = "fleettest-docker-"
	labImage  = "fleettest-docker/probe"
)

func labCall(t *testing.T, mod *sys.Module, check bool, args map[string]any) map[string]any {
	t.Helper()
	data, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	m := &sys.Machine{Check: check, Diff: true, Env: map[string]string{"DOCKER_CONFIG": t.TempDir()}}
	var out map[string]any
	if err := json.Unmarshal(mod.Run(context.Background(), m, data), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// labThrice runs a call in check mode, for real and again.
func labThrice(t *testing.T, mod *sys.Module, args map[string]any) map[string]any {
	t.Helper()
	var out map[string]any
	for i, want := range []bool{true, true, false} {
		got := labCall(t, mod, i == 0, args)
		if got["failed"] == true || got["changed"] != want {
			t.Fatalf("%v, run %d: changed %v, want %v: %v %v", args, i, got["changed"], want, got["msg"], got["changes"])
		}
		out = got
	}
	return out
}

func labEngine(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(firstOf(os.Getenv("DOCKER_HOST"), client.DefaultHost), "auto")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(t.Context()); err != nil {
		t.Fatalf("the lab's tests need a Docker Engine: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// labProbe builds the probe's image under a tag.
func labProbe(t *testing.T, c *client.Client, tag string, changes ...string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "probe")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.tag="+tag, "-o", binary, "./testdata/probe/main.go")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	changes = append([]string{"FROM scratch", "COPY probe /probe", `ENTRYPOINT ["/probe"]`, "ENV FROM_IMAGE=1", "LABEL made=" + tag, "EXPOSE 80"}, changes...)
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, data := range map[string][]byte{"probe": data, "Dockerfile": []byte(strings.Join(changes, "\n"))} {
		_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(data))})
		_, _ = w.Write(data)
	}
	_ = w.Close()
	stream, err := c.BuildImage(t.Context(), &buf, client.Build{Tag: labImage + ":" + tag})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stream)
	stream.Close()
	t.Cleanup(func() { _ = c.RemoveImage(context.Background(), labImage+":"+tag, true) })
}

func labRemove(t *testing.T, c *client.Client, names ...string) {
	t.Cleanup(func() {
		for _, name := range names {
			_ = c.RemoveContainer(context.Background(), name, true)
		}
	})
}

func TestLabContainer(t *testing.T) {
	c := labEngine(t)
	labProbe(t, c, "1")
	labProbe(t, c, "2")
	name := labPrefix + "one"
	labRemove(t, c, name)
	folder := t.TempDir()
	args := map[string]any{
		"name": name, "image": labImage + ":1", "command": "wait 'a b'", "env": map[string]any{"A": "1", "N": 2},
		"published_ports": []any{"127.0.0.1:28080:80", "53/udp", "28100-28101:1000-1001"}, "exposed_ports": []any{"9000-9001"},
		"volumes": []any{folder + ":/data:ro", "/scratch"}, "labels": map[string]any{"x": "y"}, "hostname": "probe", "user": "1000:1000", "working_dir": "/data",
		"restart_policy": "unless-stopped", "memory": "64M", "memory_reservation": "32M", "cpu_shares": 512, "shm_size": "32M",
		"cap_drop": []any{"net_raw"}, "capabilities": []any{"NET_ADMIN"}, "tmpfs": []any{"/run:size=1m"}, "init": false, "tty": false,
		"ulimits": []any{"nofile:1024:2048"}, "dns_servers": []any{"127.0.0.1"}, "etc_hosts": map[string]any{"db": "10.0.0.1"}, "log_driver": "json-file",
		"log_options": map[string]any{"max-size": "1m"}, "healthcheck": map[string]any{"test": []any{"CMD", "/probe", "ok"}, "interval": "1s"}, "stop_timeout": 2,
		"stop_signal": "SIGTERM", "read_only": true, "security_opts": []any{"no-new-privileges"}, "sysctls": map[string]any{"net.core.somaxconn": "256"},
		"mounts": []any{map[string]any{"type": "tmpfs", "target": "/mem", "tmpfs_size": "1M"}}, "pids_limit": 50, "state": "healthy",
	}
	out := labThrice(t, &Container, args)
	ip := out["container"].(map[string]any)["NetworkSettings"].(map[string]any)["IPAddress"]
	if ip == "" || ip == nil {
		t.Errorf("no address: %v", out["container"])
	}
	for _, step := range []struct {
		key  string
		val  any
		says string
	}{
		{"env", map[string]any{"A": "other"}, "recreate container " + name + ": env.A differs"},
		{"memory", "96M", "update container " + name + ": memory differs"},
		{"image", labImage + ":2", "recreate container " + name + ": image differs"},
		{"published_ports", []any{"28081:80"}, "recreate container " + name + ": published_ports.80/tcp differs"},
		{"restart_policy", "no", "update container " + name + ": restart_policy differs"},
	} {
		args[step.key] = step.val
		out := labCall(t, &Container, false, args)
		if out["failed"] == true || !strings.Contains(out["changes"].([]any)[0].(string), step.says) {
			t.Fatalf("%s: %v %v, want %s", step.key, out["msg"], out["changes"], step.says)
		}
		if out := labCall(t, &Container, false, args); out["changed"] != false {
			t.Fatalf("%s again: %v", step.key, out["changes"])
		}
	}
	labThrice(t, &Container, map[string]any{"name": name, "state": "stopped"})
	labThrice(t, &Container, map[string]any{"name": name, "state": "absent"})
}

func TestLabPortTaken(t *testing.T) {
	c := labEngine(t)
	labProbe(t, c, "1")
	first, second := labPrefix+"first", labPrefix+"second"
	labRemove(t, c, first, second)
	labThrice(t, &Container, map[string]any{"name": first, "image": labImage + ":1", "ports": []any{"28090:80"}})
	out := labCall(t, &Container, false, map[string]any{"name": second, "image": labImage + ":1", "ports": []any{"28090:80"}})
	if msg, _ := out["msg"].(string); !strings.Contains(msg, `port 28090 of the machine is taken by container "`+first+`"`) {
		t.Errorf("got %v", out)
	}
	if out := labCall(t, &ContainerInfo, false, map[string]any{"name": second}); out["exists"] != false {
		t.Error("the container that could not be started is left behind")
	}
	labThrice(t, &Container, map[string]any{"name": second, "image": labImage + ":1", "ports": []any{"28091:80"}})
	out = labCall(t, &Container, false, map[string]any{"name": second, "image": labImage + ":1", "ports": []any{"28090:80"}})
	if msg, _ := out["msg"].(string); !strings.Contains(msg, "the old container was put back") {
		t.Errorf("got %v", out)
	}
	if out := labCall(t, &Container, false, map[string]any{"name": second, "image": labImage + ":1", "ports": []any{"28091:80"}}); out["changed"] != false {
		t.Errorf("the old container is not as it was: %v", out["changes"])
	}
}

func TestLabPortTakenByProgram(t *testing.T) {
	c := labEngine(t)
	labProbe(t, c, "1")
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	name := labPrefix + "busy"
	labRemove(t, c, name)
	out := labCall(t, &Container, false, map[string]any{"name": name, "image": labImage + ":1", "ports": []any{port + ":80"}})
	if msg, _ := out["msg"].(string); !strings.Contains(msg, "port "+port+" of the machine is taken by another program") {
		t.Errorf("got %v", out["msg"])
	}
}

func TestLabForeground(t *testing.T) {
	c := labEngine(t)
	labProbe(t, c, "1")
	name := labPrefix + "run"
	labRemove(t, c, name)
	out := labCall(t, &Container, false, map[string]any{"name": name, "image": labImage + ":1", "command": "exit 3", "detach": false})
	if out["failed"] != true || out["status"] != 3.0 || !strings.Contains(out["msg"].(string), "probe ends with 3") {
		t.Errorf("got %v", out)
	}
	out = labCall(t, &Container, false, map[string]any{"name": name, "image": labImage + ":1", "command": "exit 0", "detach": false, "cleanup": true})
	if out["failed"] == true || out["status"] != 0.0 {
		t.Errorf("got %v", out["msg"])
	}
	if out := labCall(t, &ContainerInfo, false, map[string]any{"name": name}); out["exists"] != false {
		t.Error("cleanup left the container")
	}
}

func TestLabNetwork(t *testing.T) {
	c := labEngine(t)
	labProbe(t, c, "1")
	name, net := labPrefix+"netted", labPrefix+"net"
	labRemove(t, c, name)
	t.Cleanup(func() { labCall(t, &Network, false, map[string]any{"name": net, "state": "absent"}) })
	labThrice(t, &Network, map[string]any{"name": net, "ipam_config": []any{map[string]any{"subnet": "10.213.7.0/24", "gateway": "10.213.7.1"}}, "labels": map[string]any{"a": true}})
	args := map[string]any{"name": name, "image": labImage + ":1",
		"networks": []any{map[string]any{"name": net, "ipv4_address": "10.213.7.9", "aliases": []any{"db"}}}}
	labThrice(t, &Container, args)
	args["networks"] = []any{map[string]any{"name": net, "ipv4_address": "10.213.7.10", "aliases": []any{"db"}}, map[string]any{"name": "bridge"}}
	out := labThrice(t, &Container, args)
	networks := out["container"].(map[string]any)["NetworkSettings"].(map[string]any)["Networks"].(map[string]any)
	if got := networks[net].(map[string]any)["IPAddress"]; got != "10.213.7.10" || len(networks) != 2 {
		t.Errorf("got %v in %v", got, networks)
	}
	labThrice(t, &Network, map[string]any{"name": net, "ipam_config": []any{map[string]any{"subnet": "10.213.8.0/24"}}})
	args["networks"] = []any{map[string]any{"name": net, "aliases": []any{"db"}}}
	if out := labCall(t, &Container, false, args); out["changed"] != false {
		t.Errorf("after the network was made anew: %v", out["changes"])
	}
	args["purge_networks"] = true
	labThrice(t, &Container, args)
	labThrice(t, &Network, map[string]any{"name": net, "state": "absent"})
}

func TestLabVolume(t *testing.T) {
	labEngine(t)
	name := labPrefix + "volume"
	labThrice(t, &Volume, map[string]any{"name": name, "labels": map[string]any{"a": "b"}})
	labThrice(t, &Volume, map[string]any{"name": name, "labels": map[string]any{"a": "c"}, "recreate": "options-changed"})
	labThrice(t, &Volume, map[string]any{"name": name, "state": "absent"})
}

func TestLabImage(t *testing.T) {
	c := labEngine(t)
	labProbe(t, c, "1")
	folder := t.TempDir()
	for name, text := range map[string]string{"Dockerfile": "FROM " + labImage + ":1\nCOPY . /data\nARG WHO\nLABEL who=$WHO\n", "a.txt": "a", "b.log": "b", ".dockerignore": "*.log\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(folder, "built.tar")
	args := map[string]any{"name": labImage + ":built", "source": "build", "build": map[string]any{"path": folder, "args": map[string]any{"WHO": "me"}}, "archive_path": archive,
		"repository": labImage + "-copy"}
	out := labThrice(t, &Image, args)
	if labels := out["image"].(map[string]any)["Config"].(map[string]any)["Labels"].(map[string]any); labels["who"] != "me" {
		t.Errorf("labels: %v", labels)
	}
	for _, name := range []string{labImage + ":built", labImage + "-copy:built"} {
		labThrice(t, &Image, map[string]any{"name": name, "state": "absent"})
	}
	labThrice(t, &Image, map[string]any{"name": labImage + ":built", "source": "load", "load_path": archive})
	labThrice(t, &Image, map[string]any{"name": labImage, "tag": "built", "state": "absent"})
	info := labCall(t, &HostInfo, false, map[string]any{"images": true, "disk_usage": true, "containers": true})
	if info["failed"] == true || info["can_talk_to_docker"] != true {
		t.Errorf("docker_host_info: %v", info["msg"])
	}
}
