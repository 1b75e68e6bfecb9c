//go:build lab

package lab

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestHostSwitchedOff(t *testing.T) {
	machine(t, "start", "cvm-3")
	t.Cleanup(func() { machine(t, "remove", "cvm-3") })
	machine(t, "stop", "cvm-3")
	r := playText(t, "- hosts: todo\n  tasks:\n    - command: uptime\n")
	r.mustExit(t, 4)
	if !regexp.MustCompile(`(?m)^cvm-3\s*:.*unreachable=1`).MatchString(r.out) || !strings.Contains(r.out, "refused") {
		t.Errorf("the recap does not name cvm-3 with its reason\n%s", r.out)
	}
	if strings.Count(r.out, "changed: [cvm-") != 2 {
		t.Errorf("the other two have not finished\n%s", r.out)
	}
}

func TestHostStopsAnswering(t *testing.T) {
	t.Cleanup(func() { machine(t, "reset", "cvm-3"); machine(t, "remove", "cvm-3") })
	machine(t, "start", "cvm-3")
	done := make(chan result, 1)
	go func() { done <- playText(t, "- hosts: todo\n  tasks:\n    - command: sleep 8\n") }()
	time.Sleep(4 * time.Second)
	container := strings.TrimSpace(string(must(t, exec.Command("docker", "ps", "-q", "--filter", "label=fleet.lab.machine=cvm-3",
		"--filter", "label=fleet.lab="+labName(t)))))
	must(t, exec.Command("docker", "exec", container, "sh", "-c", "kill -STOP $(pgrep sshd)"))
	select {
	case r := <-done:
		r.mustExit(t, 4)
		if !regexp.MustCompile(`(?m)^cvm-3\s*:.*unreachable=1`).MatchString(r.out) {
			t.Errorf("the recap does not name cvm-3\n%s", r.out)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("fleet still waits for a host that does not answer")
	}
}

func TestInterrupt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sleep.yaml")
	if err := os.WriteFile(file, []byte("- hosts: cvm-1,cvm-2\n  tasks:\n    - shell: sleep 600\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	command := exec.Command(fleet, "run", file, "-i", inventory)
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	start := time.Now()
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // its exit code is looked at below
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("back at the prompt after %s", took)
	}
	if code := command.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130\n%s", code, out.String())
	}
	for _, name := range []string{"cvm-1", "cvm-2"} {
		if left := on(t, name, "pgrep -a -x sleep; true"); strings.Contains(left, "600") {
			t.Errorf("%s still runs %s", name, left)
		}
	}
}

// TestSecretsStaySecret runs the playbook from a fresh machine and looks at everything that it prints, at what runs
// on the machine meanwhile, and at the files that everybody can read there.
func TestSecretsStaySecret(t *testing.T) {
	machine(t, "reset", "cvm-2")
	secrets := map[string]string{}
	for _, name := range []string{"registry", "mysql", "opspw"} {
		secrets[name] = secretOf(t, name)
	}
	processes, stop := sampleProcesses(t, "cvm-2")
	outputs := play(t, "todo.yaml", "-l", "cvm-2", "-vvv", "-D",
		"-e", "ansible_user=opspw", "-e", "ansible_become_password="+secrets["opspw"])
	stop()
	outputs.mustExit(t, 0)
	json := play(t, "todo.yaml", "-l", "cvm-2", "--json")
	json.mustExit(t, 0)
	redis := secretOf(t, "redis") // an argument of redis-server itself, so that ps on the machine shows it
	for name, secret := range secrets {
		if strings.Contains(processes.String(), secret) {
			t.Errorf("ps shows the password of %s", name)
		}
		if found := on(t, "cvm-2", "grep -rlF --exclude-dir=proc --exclude-dir=sys -- "+secret+" /etc /home /root /tmp /var/tmp /var/log /run /opt 2>/dev/null | xargs -r ls -lL | grep ^.......r; true"); found != "" {
			t.Errorf("everybody can read the password of %s in %s", name, found)
		}
	}
	secrets["redis"] = redis
	for name, secret := range secrets {
		if strings.Contains(outputs.out, secret) {
			t.Errorf("the output of -vvv -D has the password of %s", name)
		}
		if strings.Contains(json.out, secret) {
			t.Errorf("the output of --json has the password of %s", name)
		}
	}
	if !strings.Contains(processes.String(), "apt-get") && !strings.Contains(processes.String(), "dockerd") {
		t.Error("the samples of ps show neither apt-get nor dockerd: they say nothing")
	}
}

// sampleProcesses collects what ps shows on a machine, several times a second, until stop is called
// and for some minutes at most.
func sampleProcesses(t *testing.T, name string) (samples *bytes.Buffer, stop func()) {
	t.Helper()
	samples = new(bytes.Buffer)
	container := strings.TrimSpace(string(must(t, exec.Command("docker", "ps", "-q", "--filter", "label=fleet.lab.machine="+name,
		"--filter", "label=fleet.lab="+labName(t)))))
	command := exec.Command("docker", "exec", container, "sh", "-c", "for i in $(seq 2000); do ps -eo args=; sleep 0.1; done")
	command.Stdout = samples
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	stop = func() {
		once.Do(func() {
			_ = command.Process.Kill()
			_ = command.Wait() // killed: the error says only that
		})
	}
	t.Cleanup(stop)
	return samples, stop
}

func TestSudoPassword(t *testing.T) {
	text := "- hosts: cvm-1\n  become: true\n  gather_facts: false\n  tasks:\n    - command: id -un\n"
	r := playText(t, text, "-e", "ansible_user=opspw", "-e", "ansible_become_password="+secretOf(t, "opspw"))
	r.mustExit(t, 0)
	for _, args := range [][]string{
		{"-e", "ansible_user=opspw"},
		{"-e", "ansible_user=opspw", "-e", "ansible_become_password=wrong-password"},
	} {
		r := playText(t, text, args...)
		if r.code == 0 || !strings.Contains(r.out, "sudo") || !strings.Contains(r.out, "hint: ") {
			t.Errorf("%v: exit code %d, and no message about sudo with a hint\n%s", args, r.code, r.out)
		}
	}
}

// TestTeardown comes last: it takes everything away.
func TestTeardown(t *testing.T) {
	play(t, "todo.yaml").mustExit(t, 0)
	play(t, "teardown.yaml").mustExit(t, 0)
	for _, name := range []string{"cvm-1", "cvm-2"} {
		left := on(t, name, `docker ps -aq; docker images -q; docker volume ls -q; ls -d /etc/todo /etc/docker/certs.d/* /etc/nginx/nginx.conf.package 2>/dev/null
			grep -l "upstream todo" -r /etc/nginx; grep -l registry.lab.test /root/.docker/config.json; true`)
		if left != "" {
			t.Errorf("%s still has %s", name, left)
		}
	}
	play(t, "teardown.yaml").mustChangeNothing(t)
	play(t, "teardown.yaml", "-e", "teardown_packages=true").mustExit(t, 0)
	play(t, "teardown.yaml", "-e", "teardown_packages=true").mustChangeNothing(t)
}
