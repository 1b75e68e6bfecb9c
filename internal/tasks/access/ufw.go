package access

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
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
	for line := range strings.Lines(out.Stdout) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "Skipping ") || strings.HasPrefix(line, "Could not delete non-existent rule") {
			continue
		}
		return r.perform(ctx, strings.Join(args, " "), args...)
	}
	return nil
}

func (r *ufwRun) ruleArgs(ctx context.Context) ([]string, error) {
	var args []string
	add := func(words ...string) {
		if words[len(words)-1] != "" {
			args = append(args, words...)
		}
	}
	if r.Route {
		add("route")
	}
	if r.Delete {
		add("delete")
	}
	if r.Insert != nil && !r.Delete {
		number, err := r.number(ctx, *r.Insert)
		if err != nil {
			return nil, err
		}
		if number > 0 {
			add("insert", strconv.Itoa(number))
		}
	}
	add(r.Rule)
	direction := strings.TrimSuffix(strings.TrimSuffix(r.Direction, "going"), "coming")
	switch {
	case direction == "routed":
		return nil, errors.New("direction routed is for policies; route: true makes a rule for what is passed on")
	case r.Interface != "" && direction == "":
		return nil, errors.New(`argument "direction" is missing, which interface needs`)
	case r.InterfaceIn != "" && r.InterfaceOut != "" && !r.Route:
		return nil, errors.New("interface_in and interface_out go together only with route: true")
	}
	if r.InterfaceIn == "" && r.InterfaceOut == "" {
		add(direction)
	}
	add("on", r.Interface)
	add("in", "on", r.InterfaceIn)
	add("out", "on", r.InterfaceOut)
	if r.Log {
		add("log")
	}
	add("from", r.FromIP)
	add("port", r.FromPort)
	add("to", r.ToIP)
	add("port", r.ToPort)
	add("proto", r.Proto)
	add("app", r.Name)
	add("comment", r.Comment)
	return args, nil
}

// number returns the place that insert means, and 0 for the end.
func (r *ufwRun) number(ctx context.Context, insert int) (int, error) {
	if r.InsertRelativeTo == "zero" {
		return insert, nil
	}
	out, err := r.m.Must(ctx, "ufw", "status", "numbered")
	if err != nil {
		return 0, err
	}
	if !strings.Contains(out.Stdout, "Status: active") {
		return 0, fmt.Errorf("insert_relative_to %s needs the rules' numbers, which ufw tells only while it is on", r.InsertRelativeTo)
	}
	v4, v6 := 0, 0
	for line := range strings.Lines(out.Stdout) {
		switch {
		case !strings.HasPrefix(line, "["):
		case strings.Contains(line, "(v6)"):
			v6++
		default:
			v4++
		}
	}
	at := map[string]int{"first-ipv4": 1, "last-ipv4": max(v4, 1), "first-ipv6": v4 + 1, "last-ipv6": max(v4+v6, v4+1)}[r.InsertRelativeTo] + insert
	switch {
	case at > v4+v6:
		return 0, nil
	case at < 1:
		return 1, nil
	}
	return at, nil
}
