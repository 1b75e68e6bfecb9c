package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func settingsCommand(a *app) *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:   "settings [NAME...]",
		Short: "Show which settings are in force, and where each comes from",
		Long: `Settings shows what fleet makes of ansible.cfg and of the ANSIBLE_... variables: the
settings that are given, or those that are named, by section and key. Behind each
stands where it comes from and, where fleet does nothing with it, why.`,
		Example: `  fleet settings
  fleet settings forks ANSIBLE_TIMEOUT
  fleet settings --all`,
		RunE: func(_ *cobra.Command, names []string) error {
			s, err := a.configuration()
			if err != nil {
				return err
			}
			if len(names) == 0 {
				file := "no ansible.cfg is read"
				if s.File != "" {
					file = s.File
				}
				if _, err := fmt.Fprintf(a.out, "# %s\n", file); err != nil {
					return err
				}
			}
			return s.Write(a.out, all, names)
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "show the settings that are not given too, with their defaults")
	return cmd
}
