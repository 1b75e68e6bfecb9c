package system

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Firewalld opens and closes ports, services and the like in firewalld, with
// firewall-cmd. Without permanent a rule holds until firewalld is loaded anew.
//
// Example:
//
//	tasks:
//	  - name: Let the web in, now and after the next start
//	    firewalld:
//	      service: http
//	      permanent: true
//	      immediate: true
//	      state: enabled
var Firewalld = sys.Define(spec.Module{
	Name:      "firewalld",
	Names:     []string{"ansible.posix.firewalld"},
	Exclusive: [][]string{firewalldKinds},
}, firewalld)

var firewalldKinds = []string{"icmp_block", "icmp_block_inversion", "interface", "masquerade", "port", "protocol", "rich_rule", "service", "source", "target"}

type firewalldArgs struct {
	// What should be: enabled or disabled for rules, present or absent for zones
	// and their targets.
	State string `arg:"state,required" choices:"absent,disabled,enabled,present"`
	// The zone; the default is firewalld's own.
	Zone string `arg:"zone"`
	// A service by firewalld's name.
	Service string `arg:"service"`
	// A port or a range with its protocol, as "80/tcp".
	Port string `arg:"port"`
	// A protocol, as "vrrp".
	Protocol string `arg:"protocol"`
	// A network that belongs to the zone.
	Source string `arg:"source"`
	// A network interface that belongs to the zone.
	Interface string `arg:"interface"`
	// A rule in firewalld's rich language.
	RichRule string `arg:"rich_rule"`
	// Whether masquerading is meant: yes with state disabled switches it off.
	Masquerade *bool `arg:"masquerade"`
	// A kind of ICMP message to block.
	ICMPBlock string `arg:"icmp_block"`
	// Whether only blocked kinds are let through.
	ICMPBlockInversion *bool `arg:"icmp_block_inversion"`
	// What the zone does with everything else.
	Target string `arg:"target" choices:"ACCEPT,DROP,%%REJECT%%,default"`
	// Keep the rule across reloads and restarts.
	Permanent bool `arg:"permanent"`
	// Make a permanent rule hold now, too.
	Immediate bool `arg:"immediate"`
	// Change the permanent rules also while firewalld does not run.
	Offline bool `arg:"offline"`
	// How many seconds a rule that is not permanent holds; 0 is without an end.
	Timeout int `arg:"timeout" default:"0"`
}

type firewalldResult struct {
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

// firewallRun is one run of the module.
type firewallRun struct {
	m       *sys.Machine
	a       *firewalldArgs
	offline bool // with firewall-offline-cmd, as firewalld does not run
}

func firewalld(ctx context.Context, m *sys.Machine, a *firewalldArgs) (any, error) {
	res := &firewalldResult{}
	if !m.Has("firewall-cmd") {
		if m.Check {
			res.Warnings = []string{"this machine has no firewalld now: this works only if an earlier step installs it"}
			return res, m.Change(ctx, sys.Change{What: "change firewalld"})
		}
		return res, errors.New("this machine has no firewall-cmd: firewalld is not installed")
	}
	option, err := a.option()
	if err != nil {
		return res, err
	}
	r := &firewallRun{m: m, a: a}
	state, err := m.Run(ctx, sys.Command{Argv: []string{"firewall-cmd", "--state"}, Env: []string{"LC_ALL=C"}})
	if err != nil {
		return res, err
	}
	if r.offline = state.Code != 0; r.offline && !(a.Permanent && a.Offline) {
		return res, errors.New("firewalld does not run; start it first, or give permanent and offline to change its permanent rules")
	}
	if option == "" {
		return res, r.zone(ctx)
	}
	// Permanent first: a rule that firewalld refuses is then not left half done.
	if a.Permanent {
		if err := r.rule(ctx, option, true); err != nil {
			return res, err
		}
	}
	if !r.offline && (a.Immediate || !a.Permanent) && a.Target == "" {
		return res, r.rule(ctx, option, false)
	}
	return res, nil
}

// option returns what stands behind --add-, --remove- and --query-, or nothing
// where a zone itself is meant.
func (a *firewalldArgs) option() (string, error) {
	option := ""
	for _, o := range []struct{ name, value string }{
		{"service", a.Service}, {"port", a.Port}, {"protocol", a.Protocol}, {"source", a.Source},
		{"interface", a.Interface}, {"rich-rule", a.RichRule}, {"icmp-block", a.ICMPBlock}, {"target", a.Target},
	} {
		if o.value != "" {
			option = o.name + "=" + o.value
		}
	}
	switch {
	case a.Masquerade != nil:
		option = "masquerade"
	case a.ICMPBlockInversion != nil:
		option = "icmp-block-inversion"
	}
	zoned := a.State == "present" || a.State == "absent"
	switch {
	case a.Port != "" && !strings.Contains(a.Port, "/"):
		return "", fmt.Errorf("argument %q: %q lacks its protocol; write %q", "port", a.Port, a.Port+"/tcp")
	case zoned && option != "" && a.Target == "":
		return "", fmt.Errorf("state %s is for zones and targets; rules are enabled or disabled", a.State)
	case zoned && a.Zone == "" && a.Target == "":
		return "", fmt.Errorf("argument %q is missing", "zone")
	case zoned && !a.Permanent, a.Target != "" && !a.Permanent:
		return "", errors.New("zones and targets are permanent: permanent: true is needed")
	case !zoned && option == "":
		return "", errors.New("there is no rule: give a service, port, protocol, source, interface, rich_rule, masquerade or icmp_block")
	}
	return option, nil
}

// wanted tells whether the rule should be there.
func (a *firewalldArgs) wanted() bool {
	on := a.State == "enabled" || a.State == "present"
	for _, flag := range []*bool{a.Masquerade, a.ICMPBlockInversion} {
		if flag != nil && !*flag {
			on = !on
		}
	}
	return on
}

// argv is a command for the zone, of the permanent rules or those of now.
func (r *firewallRun) argv(permanent bool, option string) []string {
	argv := []string{"firewall-cmd"}
	switch {
	case r.offline:
		argv = []string{"firewall-offline-cmd"}
	case permanent:
		argv = append(argv, "--permanent")
	}
	if r.a.Zone != "" {
		argv = append(argv, "--zone="+r.a.Zone)
	}
	return append(argv, option)
}

func (r *firewallRun) rule(ctx context.Context, option string, permanent bool) error {
	if r.a.Target != "" {
		return r.target(ctx)
	}
	query := r.argv(permanent, "--query-"+option)
	out, err := r.m.Run(ctx, sys.Command{Argv: query, Env: []string{"LC_ALL=C"}})
	if err != nil {
		return err
	}
	if out.Code > 1 {
		return &sys.ExitError{Argv: query, Output: out}
	}
	if (out.Code == 0) == r.a.wanted() {
		return nil
	}
	verb := "remove"
	if r.a.wanted() {
		verb = "add"
	}
	argv := r.argv(permanent, "--"+verb+"-"+option)
	if verb == "add" && !permanent && r.a.Timeout > 0 {
		argv = append(argv, "--timeout="+strconv.Itoa(r.a.Timeout))
	}
	what := verb + " " + strings.Replace(option, "=", " ", 1)
	if permanent {
		what += " permanently"
	}
	return r.change(ctx, what, argv)
}

func (r *firewallRun) change(ctx context.Context, what string, argv []string) error {
	return r.m.Change(ctx, sys.Change{What: "firewalld: " + what, Do: func(ctx context.Context) error {
		_, err := r.m.Must(ctx, argv...)
		return err
	}})
}

// target sets what a zone does with what no rule is for.
func (r *firewallRun) target(ctx context.Context) error {
	out, err := r.m.Must(ctx, r.argv(true, "--get-target")...)
	if err != nil {
		return err
	}
	want := "default"
	if r.a.wanted() {
		want = r.a.Target
	}
	if strings.TrimSpace(out.Stdout) == want {
		return nil
	}
	return r.change(ctx, "set target "+want, r.argv(true, "--set-target="+want))
}

// zone makes or removes a zone.
func (r *firewallRun) zone(ctx context.Context) error {
	program := []string{"firewall-cmd", "--permanent"}
	if r.offline {
		program = []string{"firewall-offline-cmd"}
	}
	out, err := r.m.Must(ctx, append(program[:len(program):len(program)], "--get-zones")...)
	if err != nil {
		return err
	}
	there := false
	for _, zone := range strings.Fields(out.Stdout) {
		there = there || zone == r.a.Zone
	}
	if there == r.a.wanted() {
		return nil
	}
	verb := "delete"
	if r.a.wanted() {
		verb = "new"
	}
	return r.change(ctx, verb+" zone "+r.a.Zone, append(program, "--"+verb+"-zone="+r.a.Zone))
}
