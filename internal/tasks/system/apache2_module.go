package system

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Apache2Module switches a module of the Apache web server on or off, on Debian,
// Ubuntu and their like. The server takes it over when it is restarted.
//
// Whether it is on is seen by the link in mods-enabled, so that a server whose
// configuration is broken can be mended, too.
//
// Example:
//
//	tasks:
//	  - name: Rewrite addresses
//	    apache2_module:
//	      name: rewrite
//	    notify: Restart Apache
var Apache2Module = sys.Define(spec.Module{
	Name:  "apache2_module",
	Names: []string{"community.general.apache2_module"},
}, apache2Module)

type apache2ModuleArgs struct {
	// The module, as a2enmod knows it.
	Name string `arg:"name,required"`
	// Whether it should be on.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Switches modules off that Apache would rather keep.
	Force bool `arg:"force"`
	// The server is not asked, so its name for the module is not needed.
	Identifier string `arg:"identifier"`
	// The server's configuration is not looked at.
	IgnoreConfigcheck bool `arg:"ignore_configcheck"`
	// There is no such warning.
	WarnMpmAbsent bool `arg:"warn_mpm_absent" default:"true"`
}

type apache2ModuleResult struct {
	// What is the case.
	Result string `json:"result"`
}

const apacheModules = "/etc/apache2/mods-available"

func apache2Module(ctx context.Context, m *sys.Machine, a *apache2ModuleArgs) (any, error) {
	res := &apache2ModuleResult{}
	if a.Name != filepath.Base(a.Name) {
		return res, fmt.Errorf("argument %q: %q is no module's name", "name", a.Name)
	}
	if there, err := m.Need("a2enmod", "apache2"); err != nil || !there {
		if err == nil {
			err = m.Perform(ctx, "switch "+a.Name)
		}
		return res, err
	}
	_, err := os.Lstat(m.Path("/etc/apache2/mods-enabled/" + a.Name + ".load"))
	on := err == nil
	want := map[bool]string{true: "enabled", false: "disabled"}[a.State == "present"]
	res.Result = fmt.Sprintf("Module %s %s", a.Name, want)
	if on == (a.State == "present") {
		return res, nil
	}
	if _, err := os.Stat(m.Path(filepath.Join(apacheModules, a.Name+".load"))); err != nil && !on && !m.Check {
		return res, sys.Messagef("Apache has no module %q: there is no %s.load in %s", a.Name, a.Name, apacheModules)
	}
	argv := []string{"a2enmod", "-q"}
	if on {
		argv[0] = "a2dismod"
		if a.Force {
			argv = append(argv, "-f")
		}
	}
	return res, m.Perform(ctx, map[bool]string{true: "switch off ", false: "switch on "}[on]+a.Name, append(argv, a.Name)...)
}
