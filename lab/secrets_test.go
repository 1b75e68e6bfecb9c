//go:build lab

package lab

import (
	"bytes"
	"encoding/base64"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestSecretsStaySecret turns two fresh machines into the service, once with -vvv -D and once with --json -D, and looks
// for the passwords in everything that fleet prints, in the arguments of all processes meanwhile, and in the files
// that any user of the machines can read.
func TestSecretsStaySecret(t *testing.T) {
	fresh(t, "cvm-1", "cvm-2")
	secrets := map[string]string{}
	for _, name := range []string{"registry", "mysql", "redis", "opspw"} {
		secrets[name] = secretOf(t, name)
	}
	// As Docker writes a login.
	secrets["registry login"] = base64.StdEncoding.EncodeToString([]byte("100000000001:" + secrets["registry"]))

	first, second := watch(t, "cvm-1"), watch(t, "cvm-2")
	done := make(chan result, 1)
	go func() { done <- play(t, "todo.yaml", "-l", "cvm-2", "--json", "-D") }()
	verbose := play(t, "todo.yaml", "-l", "cvm-1", "-vvv", "-D",
		"-e", "ansible_user=opspw", "-e", "ansible_become_password="+secrets["opspw"])
	json := <-done
	verbose.mustExit(t, 0)
	json.mustExit(t, 0)
	for _, out := range []string{verbose.out, json.out} {
		if !strings.Contains(out, "RedisPw = ********") {
			t.Errorf("the difference of config.ini is not shown\n%s", out)
		}
	}
	arguments := map[string]string{"cvm-1": first(), "cvm-2": second()}

	for name, secret := range secrets {
		if strings.Contains(verbose.out, secret) {
			t.Errorf("-vvv -D prints the password of %s", name)
		}
		if strings.Contains(json.out, secret) {
			t.Errorf("--json -D prints the password of %s", name)
		}
		for host, lines := range arguments {
			for line := range strings.Lines(lines) {
				// redis-server takes its password as an argument: that one is its own.
				if strings.Contains(line, secret) && !strings.HasPrefix(line, "redis-server ") {
					t.Errorf("%s: the password of %s is an argument: %s", host, name, line)
				}
			}
			if found := readable(t, host, secret); found != "" {
				t.Errorf("%s: any user can read the password of %s in %s", host, name, found)
			}
		}
	}
}

// readable lists the files in which a user without any rights finds a text.
func readable(t *testing.T, name, text string) string {
	t.Helper()
	return on(t, name, "runuser -u nobody -- grep -rlF --exclude-dir=proc --exclude-dir=sys --devices=skip -- "+text+" / 2>/dev/null; true")
}

// watch notes the arguments of all processes of a machine until the function that it returns is called. Both that and
// readable are tried with a text that is there: what finds nothing proves something only then.
func watch(t *testing.T, name string) (stop func() string) {
	t.Helper()
	const canary = "canary-4711"
	on(t, name, "echo "+canary+" >/var/tmp/canary && chmod 0644 /var/tmp/canary")
	if found := readable(t, name, canary); found != "/var/tmp/canary\n" {
		t.Fatalf("%s: the search for what all can read finds %q", name, found)
	}
	on(t, name, "rm /var/tmp/canary")

	program := filepath.Join(t.TempDir(), "processes")
	host := container(t, name)
	script(t, "CGO_ENABLED=0 GOARCH=$(docker version --format '{{.Server.Arch}}') go build -o "+program+" ./testdata/processes && "+
		"docker cp "+program+" "+host+":/root/processes")
	var seen bytes.Buffer
	command := exec.Command("docker", "exec", host, "/root/processes")
	command.Stdout = &seen
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		script(t, "docker exec "+host+" sh -c 'pkill -x processes; rm -f /root/processes'")
		_ = command.Wait() // killed: the error says only that
	})
	t.Cleanup(end)
	return func() string {
		t.Helper()
		on(t, name, "sh -c \"sleep 0.02; : "+canary+"\"")
		end()
		if !strings.Contains(seen.String(), canary) || !strings.Contains(seen.String(), "redis-server ") {
			t.Fatalf("%s: not all processes were seen:\n%s", name, seen.String())
		}
		return seen.String()
	}
}
