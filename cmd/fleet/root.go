package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fleet/internal/nearest"
	"fleet/internal/source"
)

const aboutFleet = `fleet brings a fleet of Linux machines into the state that a playbook describes,
over SSH and in parallel. It speaks Ansible's playbook language, read strictly,
and needs nothing on the machines.`

// newRoot returns the command with all its verbs.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "fleet",
		Short:         "Bring a fleet of machines into the state that a playbook describes",
		Long:          aboutFleet,
		SilenceErrors: true, // app.end prints them
		SilenceUsage:  true,
		Args:          verbArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.DisableSuggestions = true // verbArgs has its own
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpTemplate(root.HelpTemplate() + "{{if not .HasParent}}\nExit codes:\n" + exitHelp() + "\n{{end}}")
	root.AddCommand(verbs(a)...)
	root.SetHelpCommand(helpCommand())
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" { // which takes any word for none
			c.Args, c.RunE = verbArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	return root
}

// helpCommand is cobra's, and refuses a command that is not there.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if err := verbArgs(about, rest); err != nil {
				return err
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// verbs lists the verbs by name. Completion is cobra's own.
func verbs(a *app) []*cobra.Command {
	return []*cobra.Command{
		checkCommand(a),
		docCommand(a),
		execCommand(a),
		inventoryCommand(a),
		probeCommand(a),
		runCommand(a),
		settingsCommand(a),
		vaultCommand(a),
		versionCommand(a),
	}
}

// verbArgs refuses a verb that is not there.
func verbArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			known = append(known, c.Name())
		}
	}
	return usageError(source.DidYouMean(args[0], known), "run fleet --help for the list", "unknown command %q", args[0])
}

// flagError makes cobra's words about a flag fleet's.
func flagError(cmd *cobra.Command, err error) error {
	list := "run " + cmd.CommandPath() + " --help for the list"
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError("", list, "%s: %s", cmd.CommandPath(), badFlag(err))
	}
	name, known := unknown.GetSpecifiedName(), []string{}
	add := func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	hint := ""
	if near, ok := nearest.Name(name, known); ok {
		hint = fmt.Sprintf("did you mean --%s?", near)
	}
	dashes := "--"
	if unknown.GetSpecifiedShortnames() != "" {
		dashes = "-"
	}
	return usageError(hint, list, "%s: unknown flag %s%s", cmd.CommandPath(), dashes, name)
}

// badFlag says what is wrong with the value of a flag.
func badFlag(err error) string {
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &missing):
		return "--" + missing.GetFlag().Name + " needs a value"
	case errors.As(err, &invalid):
		want := map[string]string{"int": "a whole number", "count": "a whole number", "float64": "a number", "bool": "true or false"}[invalid.GetFlag().Value.Type()]
		if want != "" {
			return fmt.Sprintf("--%s: want %s, not %q", invalid.GetFlag().Name, want, invalid.GetValue())
		}
		if cause := invalid.Unwrap(); cause != nil { // fleet's own words
			return fmt.Sprintf("--%s: %v", invalid.GetFlag().Name, cause)
		}
	}
	return strings.TrimSpace(err.Error())
}

// usageError is a mistake in the command line, with the first hint that is
// there.
func usageError(hint, otherwise, format string, args ...any) error {
	if hint == "" {
		hint = otherwise
	}
	return source.Errorf(source.Pos{}, format, args...).WithHint("%s", hint)
}
