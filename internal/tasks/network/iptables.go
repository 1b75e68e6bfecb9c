package network

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Iptables adds and removes rules and chains of the running kernel's packet
// filter, sets the policy of a chain, and empties chains. It does not save them:
// after a restart they are gone.
//
// A rule is there where "iptables -C" finds it; its place among the others is not
// compared.
//
// Example:
//
//	tasks:
//	  - name: Let the web in
//	    iptables:
//	      chain: INPUT
//	      protocol: tcp
//	      destination_ports: ["80", "443"]
//	      ctstate: [NEW, ESTABLISHED]
//	      jump: ACCEPT
//	      comment: web
var Iptables = sys.Define(spec.Module{
	Name:      "iptables",
	Names:     []string{"ansible.builtin.iptables", "ansible.legacy.iptables"},
	Exclusive: [][]string{{"set_dscp_mark", "set_dscp_mark_class"}, {"flush", "policy"}},
}, iptables)

type iptablesArgs struct {
	// The table.
	Table string `arg:"table" choices:"filter,nat,mangle,raw,security" default:"filter"`
	// Whether the rule, or with chain_management the chain, is there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Where a new rule goes: behind all others, or in front of them.
	Action string `arg:"action" choices:"append,insert" default:"append"`
	// Which of the two filters.
	IPVersion string `arg:"ip_version" choices:"ipv4,ipv6" default:"ipv4"`
	// The chain. Only flush works without one.
	Chain string `arg:"chain"`
	// The number of the rule in front of which action insert puts the new one.
	RuleNum string `arg:"rule_num"`
	iptablesRule
	// Removes all rules of the chain, or of all chains.
	Flush bool `arg:"flush"`
	// What happens to a packet that no rule of the chain decided about.
	Policy string `arg:"policy" choices:"ACCEPT,DROP,QUEUE,RETURN"`
	// Where no rule is given, makes the chain or removes it.
	ChainManagement bool `arg:"chain_management"`
	// Looks at chains and policies without asking for the names of addresses.
	Numeric bool `arg:"numeric"`
}

type iptablesResult struct {
	// The filter.
	IPVersion string `json:"ip_version"`
	// The table.
	Table string `json:"table"`
	// The chain.
	Chain string `json:"chain"`
	// Whether the chain was emptied.
	Flush bool `json:"flush"`
	// The rule, as iptables gets it.
	Rule string `json:"rule"`
	// What was asked for.
	State string `json:"state"`
	// Whether chains are made and removed.
	ChainManagement bool `json:"chain_management"`
}

// iptablesRun is one call of the module.
type iptablesRun struct {
	*iptablesArgs
	m       *sys.Machine
	program string
	rule    []string
}

func iptables(ctx context.Context, m *sys.Machine, a *iptablesArgs) (any, error) {
	if err := a.prepare(); err != nil {
		return nil, err
	}
	r := iptablesRun{iptablesArgs: a, m: m, program: "iptables", rule: a.words(a.IPVersion == "ipv6")}
	if a.IPVersion == "ipv6" {
		r.program = "ip6tables"
	}
	res := iptablesResult{a.IPVersion, a.Table, a.Chain, a.Flush, strings.Join(r.rule, " "), a.State, a.ChainManagement}
	return res, r.bring(ctx)
}

// prepare refuses what does not go together, and fills in what follows.
func (a *iptablesArgs) prepare() error {
	switch {
	case a.Chain == "" && !a.Flush:
		return errors.New(`argument "chain" is missing; only flush works without one`)
	case (a.SetDscpMark != "" || a.SetDscpMarkClass != "") && a.Jump == "":
		return errors.New("set_dscp_mark and set_dscp_mark_class need a jump")
	case strings.EqualFold(a.Jump, "tee") && a.Gateway == "":
		return errors.New("jump TEE needs a gateway")
	}
	if a.LogPrefix != "" || a.LogLevel != "" {
		if a.Jump == "" {
			a.Jump = "LOG"
		}
		if a.Jump != "LOG" {
			return sys.Messagef("Logging options can only be used with the LOG jump target.")
		}
	}
	return nil
}

func (r *iptablesRun) bring(ctx context.Context) error {
	present := r.State == "present"
	switch {
	case r.Flush:
		return r.change(ctx, "flush "+r.where(), r.argv("-F"))
	case r.Policy != "":
		return r.policy(ctx)
	case len(r.rule) == 0:
		there, err := r.holds(ctx, r.list())
		if err != nil || there == present {
			return err
		}
		return r.chain(ctx, present)
	}
	there, err := r.holds(ctx, append(r.argv("-C"), r.rule...))
	if err != nil || there == present {
		return err
	}
	switch {
	case !present:
		return r.change(ctx, "remove a rule of "+r.where(), append(r.argv("-D"), r.rule...))
	case r.Action == "insert":
		argv := r.argv("-I")
		if r.RuleNum != "" {
			argv = append(argv, r.RuleNum)
		}
		return r.change(ctx, "insert a rule into "+r.where(), append(argv, r.rule...))
	}
	return r.change(ctx, "append a rule to "+r.where(), append(r.argv("-A"), r.rule...))
}

// chain makes or removes the chain, where that is asked for.
func (r *iptablesRun) chain(ctx context.Context, present bool) error {
	what, flag := "create ", "-N"
	if !present {
		what, flag = "remove ", "-X"
	}
	if !r.ChainManagement {
		return fmt.Errorf("there is nothing to do: no rule is given, and chain_management, which would %s%s, is off", what, r.where())
	}
	return r.change(ctx, what+r.where(), r.argv(flag))
}

func (r *iptablesRun) policy(ctx context.Context) error {
	argv := r.list()
	out, err := r.m.Must(ctx, argv...)
	if err != nil {
		return err
	}
	_, rest, found := strings.Cut(out.Stdout, "(policy ")
	fields := strings.FieldsFunc(rest, func(c rune) bool { return c == ' ' || c == ')' })
	if !found || len(fields) == 0 {
		return sys.Messagef("Can't detect current policy: %s is no chain of the kernel's own", r.where())
	}
	if fields[0] == r.Policy {
		return nil
	}
	return r.m.Change(ctx, sys.Change{
		What:   "set the policy of " + r.where() + " to " + r.Policy,
		Before: fields[0] + "\n", After: r.Policy + "\n", BeforeName: r.where(), AfterName: r.where(),
		Do: func(ctx context.Context) error {
			_, err := r.m.Must(ctx, append(r.argv("-P"), r.Policy)...)
			return err
		},
	})
}

func (r *iptablesRun) where() string {
	if r.Chain == "" {
		return "table " + r.Table
	}
	return "chain " + r.Chain + " of table " + r.Table
}

// argv is the command up to the chain. It waits for others that hold the lock.
func (r *iptablesRun) argv(flag string) []string {
	argv := []string{r.program, "-w"}
	if r.Wait != "" {
		argv = append(argv, r.Wait)
	}
	argv = append(argv, "-t", r.Table, flag)
	if r.Chain != "" {
		argv = append(argv, r.Chain)
	}
	return argv
}

func (r *iptablesRun) list() []string {
	argv := r.argv("-L")
	if r.Numeric {
		argv = append(argv, "--numeric")
	}
	return argv
}

// holds reports whether the command succeeds. Code 1 is iptables' "not there".
func (r *iptablesRun) holds(ctx context.Context, argv []string) (bool, error) {
	out, err := r.m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}})
	if err == nil && out.Code > 2 {
		err = &sys.ExitError{Argv: argv, Output: out}
	}
	return out.Code == 0, err
}

func (r *iptablesRun) change(ctx context.Context, what string, argv []string) error {
	after := strings.Join(r.rule, " ")
	if after != "" {
		after += "\n"
	}
	c := sys.Change{What: what, After: after, Do: func(ctx context.Context) error {
		_, err := r.m.Must(ctx, argv...)
		return err
	}}
	if r.State == "absent" {
		c.Before, c.After = c.After, ""
	}
	return r.m.Change(ctx, c)
}
