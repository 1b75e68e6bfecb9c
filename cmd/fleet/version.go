package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"fleet/internal/helper"
)

// version is set by the linker where a release is built.
var version = "dev"

func versionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print fleet's version and what it was built from",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			embedded, err := helper.Embedded()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%s\n%s\n", versionText(info), helpersText(embedded))
			return err
		},
	}
}

// versionText returns the version, the commit ("-dirty" where the tree had
// changes), the Go release and the platform.
func versionText(info *debug.BuildInfo) string {
	name, commit, dirty := version, "", ""
	if info != nil {
		if name == "dev" && info.Main.Version != "" && info.Main.Version != "(devel)" {
			name = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value[:min(len(s.Value), 12)]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "-dirty"
			}
		}
	}
	if commit != "" {
		commit = " commit " + commit + dirty
	}
	return fmt.Sprintf("fleet %s%s %s %s/%s", name, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// helpersText says which machines the embedded helpers are for.
func helpersText(embedded []string) string {
	if len(embedded) == 0 {
		return fmt.Sprintf("no helpers embedded: this program serves %s/%s itself; make build adds the others", runtime.GOOS, runtime.GOARCH)
	}
	return "helpers for " + strings.Join(embedded, ", ")
}
