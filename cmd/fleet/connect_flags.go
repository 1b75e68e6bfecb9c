package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fleet/internal/source"
)

// connectFlags are the flags of every verb that reaches hosts.
type connectFlags struct {
	inventories  []string
	limit        []string
	limitText    string // as it was given
	extra        []string
	forks        int
	verbose      int
	user         string
	key          string
	askPassword  bool
	become       bool
	becomeUser   string
	becomeMethod string
	askBecome    bool
	connection   string
	timeout      int
	hostKeys     string
	vault        vaultFlags
	flags        *pflag.FlagSet
	running      bool // plays are run
}

func (f *connectFlags) inventoryFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.flags = flags
	f.vault.register(flags)
	flags.StringArrayVarP(&f.inventories, "inventory", "i", nil, "inventory `file`, folder, or comma list of hosts; repeats (default ./"+defaultInventory+")")
	flags.StringArrayVarP(&f.extra, "extra-vars", "e", nil, "set variables: `key=value`, a YAML or JSON mapping, or @file; repeats, and wins over all others")
}

func (f *connectFlags) limitFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.limit, "limit", "l", nil, "only the hosts that this `pattern` names; repeats")
}

func (f *connectFlags) register(cmd *cobra.Command) {
	f.inventoryFlags(cmd)
	f.limitFlag(cmd)
	flags := cmd.Flags()
	flags.IntVarP(&f.forks, "forks", "f", 100, "`hosts` that work at the same time; 0 is all")
	flags.CountVarP(&f.verbose, "verbose", "v", "say more; -vvv says all of it, -vvvv how hosts are reached too")
	flags.StringVarP(&f.user, "user", "u", "", "log in as this `user`, where nothing else says so")
	flags.StringVar(&f.key, "private-key", "", "log in with this private key `file`, where nothing else says so")
	flags.BoolVarP(&f.askPassword, "ask-pass", "k", false, "ask for the password to log in with")
	flags.BoolVarP(&f.become, "become", "b", false, "become another user on the hosts, root by default")
	flags.StringVar(&f.becomeUser, "become-user", "", "the `user` to become")
	flags.StringVar(&f.becomeMethod, "become-method", "", "how to become it: sudo, su or doas (default sudo)")
	flags.BoolVarP(&f.askBecome, "ask-become-pass", "K", false, "ask for the password to become another user with")
	flags.StringVarP(&f.connection, "connection", "c", "", "ssh or local, where nothing else says so (default ssh)")
	flags.IntVarP(&f.timeout, "timeout", "T", 0, "`seconds` that connecting to a host may take (default 10, or what ssh_config says)")
	flags.StringVar(&f.hostKeys, "host-key-checking", "", "what to do with host keys: accept-new, strict or off (default accept-new, or what ssh_config says)")
}

// valid refuses values of flags that mean nothing.
func (f *connectFlags) valid() error {
	words := []struct {
		flag, value string
		from        []string
	}{
		{"become-method", f.becomeMethod, []string{"sudo", "su", "doas"}},
		{"connection", f.connection, []string{"ssh", "local"}},
		{"host-key-checking", f.hostKeys, []string{"accept-new", "strict", "off"}},
	}
	for _, w := range words {
		if w.value != "" && !slices.Contains(w.from, w.value) {
			return usageError(source.DidYouMean(w.value, w.from), "it is one of "+join(w.from), "--%s: %q is not supported", w.flag, w.value)
		}
	}
	switch {
	case f.forks < 0:
		return usageError("", "0 is all hosts at the same time", "--forks: %d is less than 0", f.forks)
	}
	return f.validTimeout("timeout")
}

// maxTimeout bounds the seconds that connecting may take: twelve days.
const maxTimeout = 1 << 20

// validTimeout holds the seconds that connecting may take, of the flag of this name.
func (f *connectFlags) validTimeout(flag string) error {
	switch {
	case f.flags.Changed("timeout") && f.timeout < 1:
		return usageError("", "the default is 10 seconds", "--%s: %d is less than 1 second", flag, f.timeout)
	case f.timeout > maxTimeout:
		return usageError("", "the default is 10 seconds", "--%s: %d is more than %d seconds", flag, f.timeout, maxTimeout)
	}
	return nil
}
