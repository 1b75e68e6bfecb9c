package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"fleet/docs"
	"fleet/internal/moduledoc"
	"fleet/internal/source"
)

func docCommand(a *app) *cobra.Command {
	list := false
	cmd := &cobra.Command{
		Use:   "doc [--list | MODULE...]",
		Short: "Show what a module does, its arguments and what it returns",
		Args: func(cmd *cobra.Command, args []string) error {
			if list {
				return noArgs(cmd, args)
			}
			if len(args) == 0 {
				return usageError("", "fleet doc --list shows all modules", "fleet doc needs the name of a module")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return docNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if list {
				return a.docList()
			}
			for _, name := range args {
				if err := a.docPage(name); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list all modules")
	return cmd
}

// docNames returns the modules that have a page.
func docNames() []string {
	entries, err := docs.Modules.ReadDir("modules")
	if err != nil {
		return nil // cannot be: the folder is embedded
	}
	var names []string
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".md"); name != "README" {
			names = append(names, name)
		}
	}
	return names
}

// docPage prints a module's page. Of a fully qualified name the last part
// counts.
func (a *app) docPage(name string) error {
	short := name[strings.LastIndexByte(name, '.')+1:]
	page, err := docs.Modules.ReadFile("modules/" + short + ".md")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || short == "README" {
		return usageError(source.DidYouMean(short, docNames()), "fleet doc --list shows all modules", "there is no module %q", name)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, moduledoc.Plain(string(page), a.width(), a.bold()))
	return err
}

// docList prints each module's name and what it does.
func (a *app) docList() error {
	names := docNames()
	width := 0
	for _, name := range names {
		width = max(width, len(name))
	}
	for _, name := range names {
		page, err := docs.Modules.ReadFile("modules/" + name + ".md")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.out, "%-*s  %s\n", width, name, synopsis(name, string(page))); err != nil {
			return err
		}
	}
	return nil
}

// synopsis returns the first sentence below a page's title.
func synopsis(name, page string) string {
	lines := strings.SplitN(page, "\n", 4)
	if len(lines) < 3 {
		return ""
	}
	first, _, _ := strings.Cut(lines[2]+" ", ". ")
	return strings.TrimPrefix(strings.TrimRight(first, ". "), name+" ")
}

func (a *app) bold() func(string) string {
	if !a.color {
		return nil
	}
	return func(s string) string { return "\x1b[1m" + s + "\x1b[0m" }
}
