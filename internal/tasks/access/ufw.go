package access

import (
	"context"
	"regexp"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Ufw sets ufw's rules, what it does with everything else, and whether it runs.
//
// Rules are set before the firewall is switched on: a task that does both does
// not lock its own connection out.
//
// Example:
//
//	tasks:
//	  - name: Let the web in
//	    ufw:
//	      rule: allow
//	      port: "443"
//	      proto: tcp
//	  - name: Keep everything else out
//	    ufw:
//	      state: enabled
//	      policy: deny
var Ufw = sys.Define(spec.Module{
	Name:      "ufw",
	Names:     []string{"community.general.ufw"},
	OneOf:     [][]string{{"state", "default", "rule", "logging"}},
	Exclusive: [][]string{{"name", "proto", "logging"}, {"interface", "interface_in"}, {"interface", "interface_out"}},
}, ufw)

type ufwArgs struct {
	// Whether ufw runs, now and when the machine starts; reloaded has it read its
	// rules anew, reset takes all rules away and switches it off.
	State string `arg:"state" choices:"disabled,enabled,reloaded,reset"`
	// What is done with what no rule is for.
	Default string `arg:"default" alias:"policy" choices:"allow,deny,reject"`
	// Which way: of the policy, or of the rule.
	Direction string `arg:"direction" choices:"in,incoming,out,outgoing,routed"`
	// How much ufw writes down.
	Logging string `arg:"logging" choices:"full,high,low,medium,off,on"`
	// The rule's number, where it should not be the last.
	Insert *int `arg:"insert"`
	// What insert counts from.
	InsertRelativeTo string `arg:"insert_relative_to" choices:"first-ipv4,first-ipv6,last-ipv4,last-ipv6,zero" default:"zero"`
	// What the rule does.
	Rule string `arg:"rule" choices:"allow,deny,limit,reject"`
	// Writes down what the rule catches.
	Log bool `arg:"log"`
	// Where from: an address or a network.
	FromIP string `arg:"from_ip" alias:"from,src" default:"any"`
	// The port there.
	FromPort string `arg:"from_port"`
	// Where to.
	ToIP string `arg:"to_ip" alias:"dest,to" default:"any"`
	// The port there, or a range as 6000:6007.
	ToPort string `arg:"to_port" alias:"port"`
	// The protocol.
	Proto string `arg:"proto" alias:"protocol" choices:"ah,any,esp,gre,igmp,ipv6,tcp,udp,vrrp"`
	// An application that ufw has a profile of.
	Name string `arg:"name" alias:"app"`
	// Takes the rule away.
	Delete bool `arg:"delete"`
	// The network interface of a rule with a direction.
	Interface string `arg:"interface" alias:"if"`
	// The interface where it comes in.
	InterfaceIn string `arg:"interface_in" alias:"if_in"`
	// The interface where it goes out.
	InterfaceOut string `arg:"interface_out" alias:"if_out"`
	// The rule is for what the machine passes on.
	Route bool `arg:"route"`
	// A comment on the rule.
	Comment string `arg:"comment"`
}

type ufwResult struct {
	// The commands that changed something, or would in check mode.
	Commands []string `json:"commands"`
	// What ufw says of its state.
	Msg string `json:"msg"`
}

func ufw(ctx context.Context, m *sys.Machine, a *ufwArgs) (any, error) {
	r := &ufwRun{m: m, ufwArgs: a, res: &ufwResult{Commands: []string{}}}
	if there, err := m.Need("ufw", "ufw"); err != nil || !there {
		if err == nil {
			err = m.Perform(ctx, "change ufw")
		}
		return r.res, err
	}
	for _, step := range []func(context.Context) error{r.logging, r.policy, r.rule, r.state} {
		if err := step(ctx); err != nil {
			return r.res, err
		}
	}
	out, err := m.Query(ctx, "ufw", "status", "verbose")
	r.res.Msg = strings.TrimSpace(out.Stdout)
	return r.res, err
}

// ufwRun is one run of the module.
type ufwRun struct {
	m *sys.Machine
	*ufwArgs
	res *ufwResult
}

func (r *ufwRun) perform(ctx context.Context, what string, args ...string) error {
	argv := append([]string{"ufw"}, args...)
	r.res.Commands = append(r.res.Commands, strings.Join(argv, " "))
	return r.m.Perform(ctx, what, argv...)
}

// setting returns a value of ufw's own files. They say what is, whether ufw runs
// or not; its status tells next to nothing of a ufw that is off.
func (r *ufwRun) setting(file, key string) (string, error) {
	text, _, err := r.m.ReadText(file)
	f := regexp.MustCompile(`(?m)^` + key + `="?([^"\n]*)`).FindStringSubmatch(text)
	if f == nil {
		return "", err
	}
	return strings.TrimSpace(f[1]), err
}

func (r *ufwRun) logging(ctx context.Context) error {
	if r.Logging == "" {
		return nil
	}
	now, err := r.setting("/etc/ufw/ufw.conf", "LOGLEVEL")
	if err != nil || now == r.Logging || r.Logging == "on" && now != "off" && now != "" {
		return err
	}
	return r.perform(ctx, "set logging "+r.Logging, "logging", r.Logging)
}

// policy sets what is done with what no rule is for. The files have iptables' words.
func (r *ufwRun) policy(ctx context.Context) error {
	if r.Default == "" {
		return nil
	}
	direction := "incoming"
	switch r.Direction {
	case "out", "outgoing":
		direction = "outgoing"
	case "routed":
		direction = "routed"
	}
	key := map[string]string{"incoming": "INPUT", "outgoing": "OUTPUT", "routed": "FORWARD"}[direction]
	now, err := r.setting("/etc/default/ufw", "DEFAULT_"+key+"_POLICY")
	if err != nil || now == map[string]string{"allow": "ACCEPT", "deny": "DROP", "reject": "REJECT"}[r.Default] {
		return err
	}
	return r.perform(ctx, "by default "+r.Default+" "+direction, "default", r.Default, direction)
}

func (r *ufwRun) state(ctx context.Context) error {
	on, err := r.setting("/etc/ufw/ufw.conf", "ENABLED")
	if err != nil {
		return err
	}
	switch {
	case r.State == "enabled" && on != "yes":
		return r.perform(ctx, "switch the firewall on", "-f", "enable")
	case r.State == "disabled" && on == "yes":
		return r.perform(ctx, "switch the firewall off", "-f", "disable")
	case r.State == "reloaded":
		return r.perform(ctx, "read the rules anew", "-f", "reload")
	case r.State == "reset":
		return r.perform(ctx, "take all rules away", "-f", "reset")
	}
	return nil
}

// rule lets ufw say what it would do, and does it where that is something.
func (r *ufwRun) rule(ctx context.Context) error {
	if r.Rule == "" {
		return nil
	}
	args, err := r.ruleArgs(ctx)
	if err != nil {
		return err
	}
	argv := append([]string{"ufw", "--dry-run"}, args...)
	out, err := r.m.Query(ctx, argv...)
	if err != nil {
		return err
	}
	if out.Code != 0 {
		return &sys.ExitError{Argv: argv, Output: out}
	}
	same, err := sameRules(r.m, out.Stdout)
	if err != nil || same {
		return err
	}
	return r.perform(ctx, strings.Join(args, " "), args...)
}
