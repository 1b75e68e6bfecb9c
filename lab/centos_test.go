//go:build lab

package lab

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// centos starts a fresh machine of the RHEL family for one test.
func centos(t *testing.T) {
	t.Helper()
	run(t, "./machine", "remove", "centos-1") // where one was left
	t.Cleanup(func() { machine(t, "remove", "centos-1") })
	machine(t, "start", "centos-1")
}

// mustSay fails where a command that root runs on centos-1 says something else.
func mustSay(t *testing.T, command, want string) {
	t.Helper()
	if got := on(t, "centos-1", command+"; true"); got != want {
		t.Errorf("%s says\n%s\nwant\n%s", command, got, want)
	}
}

const whatCentOSIs = `
- hosts: centos-1
  tasks:
    - assert:
        that:
          - ansible_distribution == 'CentOS'
          - ansible_distribution_major_version == '9'
          - ansible_os_family == 'RedHat'
          - ansible_pkg_mgr == 'dnf'
          - ansible_selinux.status == 'disabled'
          - ansible_service_mgr == 'systemd'
`

// TestCentOS takes the whole way on a machine of the RHEL family, by the playbook that runs everywhere: repositories
// by their addresses, EPEL, docker-ce, nginx in that family's layout, the service, and all of it away again.
func TestCentOS(t *testing.T) {
	centos(t)
	playText(t, whatCentOSIs).mustExit(t, 0)
	mustSay(t, "firewall-cmd --state; systemctl is-enabled firewalld", "running\nenabled\n")
	const few = 4
	only := []string{"-l", "centos-1", "-e", fmt.Sprintf("todo_copies=%d", few)}

	const packages = "rpm -qa | sort; cat /etc/yum.repos.d/*; cat /etc/selinux/config; systemctl is-active firewalld"
	before := on(t, "centos-1", packages)
	play(t, "todo.yaml", append(only, "-C")...).mustExit(t, 0)
	mustSay(t, packages, before)

	first := play(t, "todo.yaml", only...)
	first.mustExit(t, 0)
	second := play(t, "todo.yaml", only...)
	second.mustChangeNothing(t)
	t.Logf("first run %.1f s, second run %.1f s", first.took.Seconds(), second.took.Seconds())
	for i := 1; i <= few; i++ {
		if line := fmt.Sprintf("%-10s%10d\n", fmt.Sprintf("todo-%d", i), 4); !strings.Contains(second.out, line) {
			t.Errorf("no line %q in the table\n%s", line, second.out)
		}
	}
	isDeployedOnCentOS(t)

	see(t, "centos-1", want{copies: few})
	on(t, "centos-1", "docker stop todo-2")
	see(t, "centos-1", want{copies: few, away: "todo-2", uneven: true})

	tearDownCentOS(t, only)
}

func isDeployedOnCentOS(t *testing.T) {
	t.Helper()
	for _, c := range []struct{ command, want string }{
		{"firewall-cmd --state 2>&1; systemctl is-enabled firewalld", "not running\ndisabled\n"},
		{"sed -n s/^SELINUX=//p /etc/selinux/config", "disabled\n"}, // what is off stays off
		{"rpm -q --qf '%{NAME}\n' epel-release docker-ce docker-ce-cli containerd.io docker-compose-plugin device-mapper-libs nginx nginx-core nginx-filesystem",
			"epel-release\ndocker-ce\ndocker-ce-cli\ncontainerd.io\ndocker-compose-plugin\ndevice-mapper-libs\nnginx\nnginx-core\nnginx-filesystem\n"},
		{"grep -c '^baseurl=http://centos.lab.test/' /etc/yum.repos.d/CentOS-Base.repo", "3\n"},
		{"grep -c mirrorlist.lab.test /etc/yum.repos.d/CentOS-Base.repo?*", "2\n"}, // what the machine came with is kept
		{"rpm --query --scripts docker-ce | grep -c preset; systemctl is-enabled docker nginx; systemctl is-active docker nginx", "1\nenabled\nenabled\nactive\nactive\n"},
		{"rpm -V nginx-core docker-ce containerd.io | grep -v /etc/nginx/nginx.conf; ls /etc/nginx", "conf.d\ndefault.d\n" +
			"fastcgi.conf\nfastcgi_params\nkoi-utf\nkoi-win\nmime.types\nnginx.conf\nnginx.conf.package\nscgi_params\nuwsgi_params\nwin-utf\n"},
		{"ps -o user= -C nginx | sort -u", "nginx\nroot\n"},
		{"rpm -qf /usr/sbin/nginx /usr/bin/dockerd --qf '%{NAME}\n'; ls /usr/bin/apt* /usr/bin/dpkg* 2>/dev/null | wc -l", "nginx-core\ndocker-ce\n0\n"},
	} {
		mustSay(t, c.command, c.want)
	}
}

func tearDownCentOS(t *testing.T, only []string) {
	t.Helper()
	play(t, "teardown.yaml", only...).mustExit(t, 0)
	mustSay(t, "docker ps -aq; docker images -q; ls -d /etc/todo /etc/docker/certs.d/* 2>/dev/null; grep -c todo /etc/nginx/nginx.conf", "0\n")
	mustSay(t, "curl -s http://127.0.0.1/ | grep -c '<title>Welcome to nginx'", "1\n")
	play(t, "teardown.yaml", only...).mustChangeNothing(t)

	packages := append(only, "-e", "teardown_packages=true")
	play(t, "teardown.yaml", packages...).mustExit(t, 0)
	// What came for docker-ce's and nginx's sake alone goes with them.
	mustSay(t, "rpm -qa | grep -E 'docker|containerd|nginx|device-mapper'; ls /usr/sbin/nginx /usr/bin/docker* 2>/dev/null", "")
	mustSay(t, "ls /etc/yum.repos.d | sed s/repo.*~/backup/", "CentOS-Base.repo\nCentOS-Base.backup\nepel.repo\n")
	play(t, "teardown.yaml", packages...).mustChangeNothing(t)
}

// withRepositories lets a machine have the repositories of the lab, as the role docker does it.
const withRepositories = `
- hosts: centos-1
  become: true
  gather_facts: false
  tasks:
    - get_url: {url: "{{ centos_base_repository }}", dest: /etc/yum.repos.d/CentOS-Base.repo, force: true}
    - yum: {name: epel-release}
    - dnf: {name: "{{ item }}", download_only: true, download_dir: /root}
      loop: [apple-1.0, apple-1.1, cream, pie, stew]
    - rpm_key: {key: /etc/pki/rpm-gpg/RPM-GPG-KEY-EPEL-9}
`

// TestCentOSPackages tries the modules for packages of the RHEL family on the real dnf and rpm: what they do, and what
// is said where they cannot do it, in archives of testdata/centos/modules and testdata/centos/messages (see message).
func TestCentOSPackages(t *testing.T) {
	centos(t)
	playText(t, withRepositories).mustExit(t, 0)
	archives(t, "centos/modules", onCentOS)
	state, err := filepath.Abs(inventory)
	if err != nil {
		t.Fatal(err)
	}
	archives(t, "centos/messages", func(t *testing.T, path string) { message(t, path, "centos-1", state) })
}

// onCentOS runs the tasks of an archive three times: a check changes nothing, then everything is as it is wanted, and
// then there is nothing left to do. Its files are
//
//	before, after   shell that root runs there first and last (may be left out); the packages' files are in /root
//	tasks           the tasks
//	look            shell whose output tells the state
//	want            that output after the second run
func onCentOS(t *testing.T, path string) {
	archive, files := readArchive(t, path)
	inside := func(command string) string {
		t.Helper()
		r := run(t, "docker", "exec", container(t, "centos-1"), "sh", "-c", command)
		r.mustExit(t, 0)
		return r.out
	}
	t.Cleanup(func() { inside(files["after"]) })
	inside(files["before"])
	text := "- hosts: centos-1\n  become: true\n  gather_facts: false\n  tasks:\n"
	for line := range strings.Lines(files["tasks"]) {
		text += "    " + line
	}
	before := inside(files["look"])
	playText(t, text, "-C").mustExit(t, 0)
	if got := inside(files["look"]); got != before {
		t.Errorf("the check has changed\n%s\nto\n%s", before, got)
	}
	playText(t, text).mustExit(t, 0)
	if got := inside(files["look"]); *update {
		rewrite(t, path, archive, "want", got)
	} else if got != files["want"] {
		t.Errorf("after the run it looks like\n%s\nwant\n%s", got, files["want"])
	}
	playText(t, text).mustChangeNothing(t)
}
