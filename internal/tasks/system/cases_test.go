package system

import (
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// TestCases runs the cases of each module, which lie in testdata under its name.
func TestCases(t *testing.T) {
	for _, mod := range []*sys.Module{
		&Alternatives,
		&Apache2Module,
		&At,
		&Cron,
		&Cronvar,
		&Firewalld,
		&Getent,
		&Group,
		&Hostname,
		&KnownHosts,
		&LocaleGen,
		&Modprobe,
		&Selinux,
		&Service,
		&ServiceFacts,
		&Supervisorctl,
		&Sysctl,
		&Systemd,
		&Sysvinit,
		&Timezone,
		&User,
	} {
		t.Run(mod.Name, func(t *testing.T) { systest.RunCases(t, mod, "testdata/"+mod.Name) })
	}
}
