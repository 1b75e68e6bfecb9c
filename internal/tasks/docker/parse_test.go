package docker

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

func TestPublish(t *testing.T) {
	for text, want := range map[string]string{
		"8080:80":                   "80/tcp=8080",
		"127.0.0.1:8080:80/tcp":     "80/tcp=127.0.0.1:8080",
		"0.0.0.0:8080:80":           "80/tcp=8080",
		"80":                        "80/tcp=(any)",
		"127.0.0.1::80":             "80/tcp=127.0.0.1:(any)",
		"53:53/udp":                 "53/udp=53",
		"8000-8001:80-81":           "80/tcp=8000 81/tcp=8001",
		"8000-8009:80":              "80/tcp=8000-8009",
		"80-81":                     "80/tcp=(any) 81/tcp=(any)",
		"[::1]:8080:80":             "80/tcp=::1:8080",
		"":                          "!invalid port range: value is empty",
		"x:80":                      `!"x" is no port of the host`,
		"80:x":                      "!invalid start port 'x': invalid syntax",
		"0:80":                      `!"0" is no port of the host`,
		"8080:70000":                "!invalid start port '70000': value out of range",
		"8080:80/foo":               `!unknown protocol "foo": want tcp, udp or sctp`,
		"8000-8002:80-81":           "!3 ports of the host cannot stand for 2 of the container",
		"host:8080:80":              `!"host" is no address`,
		"8081-8080:80":              `!"8081-8080" is no port of the host`,
		"1-65535:1-65535/tcp extra": `!unknown protocol "tcp extra": want tcp, udp or sctp`,
	} {
		bindings := network.PortMap{}
		err := publish(bindings, text, "")
		var items []string
		for _, i := range viewPublished(containerSpec{&container.Config{}, &container.HostConfig{PortBindings: bindings}}) {
			items = append(items, i.key+"="+i.value)
		}
		slices.Sort(items)
		got := strings.Join(items, " ")
		if err != nil {
			got = "!" + err.Error()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestTakenPort(t *testing.T) {
	for text, want := range map[string]string{
		"driver failed programming external connectivity on endpoint a (b): Bind for 0.0.0.0:13306 failed: port is already allocated": "13306",
		"Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use":                                         "80",
		"failed to set up container networking: failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use":  "8080",
		"failed to set up container networking: failed to bind host port 127.0.0.1:8080/tcp: address already in use":                  "8080",
		"failed to bind host port [::]:8080/tcp: address already in use":                                                              "8080",
		"Ports are not available: exposing port TCP 0.0.0.0:80 -> 127.0.0.1:0: listen tcp 0.0.0.0:80: bind: address already in use":   "80",
	} {
		if found := takenPort().FindStringSubmatch(text); found == nil || found[2] != want {
			t.Errorf("%s: got %v, want port %s", text, found, want)
		}
	}
}

func TestServerKey(t *testing.T) {
	for url, want := range map[string]string{
		"https://index.docker.io/v1/": hub, "docker.io": hub, "": hub, "https://reg.example": "reg.example",
		"http://reg.example:5000/v2/": "reg.example:5000", "reg.example/path": "reg.example",
	} {
		if got := serverKey(url); got != want {
			t.Errorf("%q: got %s, want %s", url, got, want)
		}
	}
}

func TestIgnore(t *testing.T) {
	rules, err := parseIgnore("# comment\n*.log\n/tmp/\n**/cache\n!keep.log\ndocs/*\n!docs/README.md\na?c\n[xy]z\n")
	if err != nil {
		t.Fatal(err)
	}
	c := &buildContext{dockerfile: "tmp/Dockerfile", ignored: rules}
	want := map[string]bool{
		"a.log": true, "keep.log": false, "sub/a.log": false, "tmp/x": true, "tmp/Dockerfile": false, "tmp": false, "cache": true, "a/b/cache/c": true,
		"docs/x": true, "docs/README.md": false, "docs": false, "abc": true, "xz": true, "zz": false, ".dockerignore": false, "main.go": false,
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := c.skips(name); got != want[name] {
			t.Errorf("%s: skipped is %t", name, got)
		}
	}
	if _, err := parseIgnore("[a"); err == nil {
		t.Error("a pattern that is none is taken")
	}
}

func FuzzPublish(f *testing.F) {
	for _, text := range []string{"80", "1:2", "127.0.0.1:1:2/udp", "[::1]:1-2:3-4", "::", "1-65535"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		bindings := network.PortMap{}
		if err := publish(bindings, text, ""); err == nil && len(bindings) == 0 {
			t.Errorf("%q publishes nothing", text)
		}
	})
}

func FuzzBind(f *testing.F) {
	for _, text := range []string{"/a", "/a:/b", "v:/b:ro,z", ":", "a:b:c:d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := parseBind(text)
		if err != nil || b.source == "" {
			return
		}
		again, err := parseBind(strings.TrimSuffix(b.String(), ":"))
		if err != nil || again.String() != b.String() {
			t.Errorf("%q: %q is read as %q: %v", text, b, again, err)
		}
	})
}

func FuzzIgnore(f *testing.F) {
	f.Add("**/a\n!b*", "x/a")
	f.Fuzz(func(_ *testing.T, text, name string) {
		if rules, err := parseIgnore(text); err == nil {
			(&buildContext{ignored: rules}).skips(name)
		}
	})
}
