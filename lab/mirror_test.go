//go:build lab

package lab

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mirror starts the mirror of Docker's packages, and a fresh machine cvm-3.
func mirror(t *testing.T) {
	t.Helper()
	thirdMachine(t)
	t.Cleanup(func() { run(t, "./mirror", "down").mustExit(t, 0) })
	run(t, "./mirror", "up").mustExit(t, 0)
}

// fromMirror runs the docker role on cvm-3, with the variables that make it use the mirror.
func fromMirror(t *testing.T, args ...string) result {
	t.Helper()
	role, err := filepath.Abs(filepath.Join(playbooks, "roles", "docker"))
	if err != nil {
		t.Fatal(err)
	}
	return playText(t, "- hosts: cvm-3\n  become: true\n  roles: ["+role+"]\n",
		append([]string{"-e", "@" + filepath.Join(".state", "mirror.yaml")}, args...)...)
}

// TestDockerFromMirror takes the way of a machine in the cloud: packages with Docker's own names, from a repository
// that is signed by a key of its own.
func TestDockerFromMirror(t *testing.T) {
	mirror(t)
	first := fromMirror(t)
	first.mustExit(t, 0)
	second := fromMirror(t)
	second.mustChangeNothing(t)
	t.Logf("first run %.1f s, second run %.1f s", first.took.Seconds(), second.took.Seconds())

	architecture := strings.TrimSpace(on(t, "cvm-3", "dpkg --print-architecture"))
	for _, c := range []struct{ command, want string }{
		{"dpkg -l | awk '$1 == \"ii\" && $2 ~ /docker|containerd/ {print $2}'",
			"containerd.io\ndocker-buildx-plugin\ndocker-ce\ndocker-ce-cli\ndocker-compose-plugin\n"},
		{"stat -c %a /etc/apt/keyrings /etc/apt/keyrings/docker.asc", "755\n644\n"},
		{"cat /etc/apt/sources.list.d/docker.list", "deb [arch=" + architecture +
			" signed-by=/etc/apt/keyrings/docker.asc] http://mirror.lab.test/linux/debian/ bookworm stable\n"},
		{"systemctl is-enabled docker; systemctl is-active docker", "enabled\nactive\n"},
		{"tar -cC /usr/bin tini-static | docker import - one >/dev/null && docker run --rm one /tini-static --version >/dev/null && echo runs", "runs\n"},
	} {
		if got := on(t, "cvm-3", c.command); got != c.want {
			t.Errorf("%s says\n%s\nwant\n%s", c.command, got, c.want)
		}
	}
}

var keyID = regexp.MustCompile(`NO_PUBKEY [0-9A-F]{16}`)

// TestMirrorOfAnotherKey: the mirror gives out a key that its repository is not signed by. apt installs nothing from
// there, and fleet says which repository it is, which key is missing, and what to do.
func TestMirrorOfAnotherKey(t *testing.T) {
	mirror(t)
	r := fromMirror(t, "-e", "docker_mirror=http://mirror.lab.test/other-key")
	r.mustExit(t, 2)
	_, said, _ := strings.Cut(r.out, "TASK [docker : The package lists have Docker's packages]\n")
	said, _, _ = strings.Cut(said, "    at ")
	said = keyID.ReplaceAllString(said, "NO_PUBKEY ID")
	const want = "failed: [cvm-3]: apt-get update: repository http://mirror.lab.test/other-key/linux/debian bookworm is signed by" +
		" a key that apt does not have: NO_PUBKEY ID; /etc/apt/keyrings/docker.asc holds F8D2585B8783D481\n"
	if said != want {
		t.Errorf("it says\n%s\nwant\n%s\nin\n%s", said, want, r.out)
	}
	if !strings.Contains(r.out, "\n    hint: put the repository's own key into /etc/apt/keyrings/docker.asc\n") {
		t.Errorf("no hint\n%s", r.out)
	}
	if installed := on(t, "cvm-3", "dpkg -l | grep docker; true"); installed != "" {
		t.Errorf("installed all the same: %s", installed)
	}
}
