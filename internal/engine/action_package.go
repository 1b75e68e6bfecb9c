package engine

import (
	"context"
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/spec"
)

// runPackage runs the target's module package with the package manager that the
// variable ansible_package_use names, where the task names none.
func runPackage(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if use := args.GetString("use"); use != "" && use != "auto" {
		return a.module(ctx, "package", args, nil)
	}
	r := &reader{engine: a.engine, c: a.c}
	use := r.text("ansible_package_use")
	if r.err != nil {
		return nil, r.err
	}
	if use == "" {
		return a.module(ctx, "package", args, nil)
	}
	use = shortName(use)
	if known, _ := spec.Find(a.spec.Args(), "use"); !slices.Contains(known.Choices, use) {
		return failf("Could not find a matching action for the %q package manager.", use), nil
	}
	args.Set("use", use)
	return a.module(ctx, "package", args, nil)
}
