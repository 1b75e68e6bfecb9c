package main

import "github.com/spf13/cobra"

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError("", "run "+cmd.CommandPath()+" --help", "%s takes no arguments, but there is %q", cmd.CommandPath(), args[0])
}

// needArgs refuses to go without arguments.
func needArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return usageError("", "run "+cmd.CommandPath()+" --help", "%s needs %s", cmd.CommandPath(), what)
	}
}
