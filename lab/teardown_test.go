//go:build lab

package lab

import "testing"

// TestTeardown comes last: it takes everything away.
func TestTeardown(t *testing.T) {
	deployed(t)
	play(t, "teardown.yaml").mustExit(t, 0)
	for _, name := range []string{"cvm-1", "cvm-2"} {
		left := on(t, name, `docker ps -aq; docker images -q; docker volume ls -q; ls -d /etc/todo /etc/docker/certs.d/* /etc/nginx/nginx.conf.package 2>/dev/null
			grep -l "upstream todo" -r /etc/nginx; grep -l registry.lab.test /root/.docker/config.json; true`)
		if left != "" {
			t.Errorf("%s still has %s", name, left)
		}
		if page := on(t, name, "curl -s http://127.0.0.1/api/v1/ping; nginx -T 2>/dev/null | grep 3000; true"); page == "" {
			t.Errorf("%s: nginx itself does not answer any more", name)
		}
	}
	play(t, "teardown.yaml").mustChangeNothing(t)
	play(t, "teardown.yaml", "-e", "teardown_packages=true").mustExit(t, 0)
	if left := on(t, "cvm-1", "ls -d /usr/bin/docker /usr/sbin/nginx 2>/dev/null; true"); left != "" {
		t.Errorf("the packages are still there: %s", left)
	}
	play(t, "teardown.yaml", "-e", "teardown_packages=true").mustChangeNothing(t)
}
