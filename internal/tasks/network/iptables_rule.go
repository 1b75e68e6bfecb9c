package network

import (
	"slices"
	"strings"
)

// iptablesRule are the arguments that make the rule. A value with "!" in front
// of it means everything else.
type iptablesRule struct {
	// Waits so many seconds for the lock of the filter; without it as long as it takes.
	Wait string `arg:"wait"`
	// The protocol: tcp, udp, icmp, all, a number and so on.
	Protocol string `arg:"protocol"`
	// Where a packet comes from: an address, a network or a name.
	Source string `arg:"source"`
	// The address that jump SNAT writes over the source.
	ToSource string `arg:"to_source"`
	// Where a packet goes to.
	Destination string `arg:"destination"`
	// The address that jump DNAT writes over the destination.
	ToDestination string `arg:"to_destination"`
	// Modules of matches to load.
	Match []string `arg:"match"`
	// The flags of TCP to look at, and those of them that are set.
	TCPFlags iptablesFlags `arg:"tcp_flags"`
	// What happens to a packet: ACCEPT, DROP, another chain and so on.
	Jump string `arg:"jump"`
	// Where jump TEE sends the copy.
	Gateway string `arg:"gateway"`
	// What stands in front of each line of jump LOG.
	LogPrefix string `arg:"log_prefix"`
	// The level of the lines of jump LOG.
	LogLevel string `arg:"log_level" choices:"0,1,2,3,4,5,6,7,emerg,alert,crit,error,warning,notice,info,debug"`
	// The chain to go on in, without a way back.
	Goto string `arg:"goto"`
	// The interface by which a packet comes.
	InInterface string `arg:"in_interface"`
	// The interface by which it leaves.
	OutInterface string `arg:"out_interface"`
	// Later fragments of packets.
	Fragment string `arg:"fragment"`
	// Sets the counters of a new rule: packets and bytes.
	SetCounters string `arg:"set_counters"`
	// The port that a packet comes from, or a range of ports (1024:65535).
	SourcePort string `arg:"source_port"`
	// The port that it goes to.
	DestinationPort string `arg:"destination_port"`
	// Several ports, or ranges of them, that it goes to.
	DestinationPorts []string `arg:"destination_ports"`
	// The ports that jump REDIRECT, MASQUERADE and the like write over the packet's.
	ToPorts string `arg:"to_ports"`
	// The value that jump DSCP sets.
	SetDscpMark string `arg:"set_dscp_mark"`
	// The class that jump DSCP sets.
	SetDscpMarkClass string `arg:"set_dscp_mark_class"`
	// A comment that stands with the rule.
	Comment string `arg:"comment"`
	// States of the connection: NEW, ESTABLISHED, RELATED, INVALID and so on.
	Ctstate []string `arg:"ctstate"`
	// A range of addresses that packets come from.
	SrcRange string `arg:"src_range"`
	// A range of addresses that they go to.
	DstRange string `arg:"dst_range"`
	// The set of ipset that has the packet.
	MatchSet string `arg:"match_set"`
	// Which of the packet's addresses the set has: src, dst, or two of them with a
	// comma between.
	MatchSetFlags string `arg:"match_set_flags"`
	// How often the rule matches at most, as 2/min.
	Limit string `arg:"limit"`
	// How often it matches before limit counts.
	LimitBurst string `arg:"limit_burst"`
	// The user whose packet it is.
	UIDOwner string `arg:"uid_owner"`
	// The group whose packet it is.
	GIDOwner string `arg:"gid_owner"`
	// What jump REJECT answers; the jump itself need not be given then.
	RejectWith string `arg:"reject_with"`
	// The type of ICMP.
	ICMPType string `arg:"icmp_type"`
	// Whether the packet starts a connection of TCP.
	Syn string `arg:"syn" choices:"ignore,match,negate" default:"ignore"`
}

type iptablesFlags struct {
	// The flags to look at.
	Flags []string `arg:"flags"`
	// Those of them that are set.
	FlagsSet []string `arg:"flags_set"`
}

// ruleWords collects the words of a rule.
type ruleWords []string

func (w *ruleWords) add(flag, value string) {
	switch {
	case value == "":
	case value[0] == '!':
		*w = append(*w, "!", flag, value[1:])
	default:
		*w = append(*w, flag, value)
	}
}

func (w *ruleWords) list(flag string, values []string) {
	if len(values) > 0 {
		*w = append(*w, flag, strings.Join(values, ","))
	}
}

// load loads a module of matches, where any of the values is given and the
// playbook has not named it already.
func (w *ruleWords) load(a *iptablesRule, module string, values ...string) {
	if strings.Join(values, "") != "" && !slices.Contains(a.Match, module) {
		*w = append(*w, "-m", module)
	}
}

// words returns the rule as iptables reads it.
func (a *iptablesRule) words(six bool) []string {
	w := ruleWords{}
	a.packet(&w)
	a.extensions(&w)
	if a.Jump == "" && a.RejectWith != "" {
		w.add("-j", "REJECT")
	}
	w.add("--reject-with", a.RejectWith)
	if six {
		w.add("--icmpv6-type", a.ICMPType)
	} else {
		w.add("--icmp-type", a.ICMPType)
	}
	w.load(a, "comment", a.Comment)
	if a.Comment != "" { // whose "!" means nothing
		w = append(w, "--comment", a.Comment)
	}
	return w
}

// packet adds what every packet has, and what happens to it.
func (a *iptablesRule) packet(w *ruleWords) {
	w.add("-p", a.Protocol)
	w.add("-s", a.Source)
	w.add("-d", a.Destination)
	for _, module := range a.Match {
		w.add("-m", module)
	}
	if f := a.TCPFlags; len(f.Flags) > 0 && len(f.FlagsSet) > 0 {
		*w = append(*w, "--tcp-flags", strings.Join(f.Flags, ","), strings.Join(f.FlagsSet, ","))
	}
	w.add("-j", a.Jump)
	if strings.EqualFold(a.Jump, "tee") {
		w.add("--gateway", a.Gateway)
	}
	w.add("--log-prefix", a.LogPrefix)
	w.add("--log-level", a.LogLevel)
	w.add("--to-destination", a.ToDestination)
	w.load(a, "multiport", a.DestinationPorts...)
	w.list("--dports", a.DestinationPorts)
	w.add("--to-source", a.ToSource)
	w.add("-g", a.Goto)
	w.add("-i", a.InInterface)
	w.add("-o", a.OutInterface)
	w.add("-f", a.Fragment)
	w.add("-c", a.SetCounters)
	w.add("--source-port", a.SourcePort)
	w.add("--destination-port", a.DestinationPort)
	w.add("--to-ports", a.ToPorts)
	w.add("--set-dscp", a.SetDscpMark)
	w.add("--set-dscp-class", a.SetDscpMarkClass)
	switch a.Syn {
	case "match":
		*w = append(*w, "--syn")
	case "negate":
		*w = append(*w, "!", "--syn")
	}
}

// extensions adds what modules of matches look at.
func (a *iptablesRule) extensions(w *ruleWords) {
	if slices.Contains(a.Match, "state") && !slices.Contains(a.Match, "conntrack") {
		w.list("--state", a.Ctstate)
	} else {
		w.load(a, "conntrack", a.Ctstate...)
		w.list("--ctstate", a.Ctstate)
	}
	w.load(a, "iprange", a.SrcRange, a.DstRange)
	w.add("--src-range", a.SrcRange)
	w.add("--dst-range", a.DstRange)
	w.load(a, "set", a.MatchSet)
	w.add("--match-set", a.MatchSet)
	if a.MatchSet != "" && a.MatchSetFlags != "" {
		*w = append(*w, a.MatchSetFlags)
	}
	w.load(a, "limit", a.Limit, a.LimitBurst)
	w.add("--limit", a.Limit)
	w.add("--limit-burst", a.LimitBurst)
	w.load(a, "owner", a.UIDOwner, a.GIDOwner)
	w.add("--uid-owner", a.UIDOwner)
	w.add("--gid-owner", a.GIDOwner)
}
