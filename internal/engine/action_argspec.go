package engine

import (
	"context"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/spec"
)

// ValidateArgumentSpec holds variables against an argument specification.
//
// Every role that has one for its entry point (meta/argument_specs.yml, or
// argument_specs in meta/main.yml) is validated so before its first task, unless
// rolespec_validate says no.
//
// Example:
//
//	tasks:
//	  - validate_argument_spec:
//	      argument_spec:
//	        port: {type: int, required: true}
//	        mode: {choices: [fast, safe], default: safe}
var validateArgumentSpec = define(spec.Module{
	Name: "validate_argument_spec", Names: []string{"ansible.builtin.validate_argument_spec"},
}, runValidateArgumentSpec)

type validateArgumentSpecArgs struct {
	// The options by their names, each with type, required, choices, elements,
	// aliases, options and no_log as they apply.
	ArgumentSpec map[string]any `arg:"argument_spec,required"`
	// Values that are checked in place of the variables of the same names.
	ProvidedArguments map[string]any `arg:"provided_arguments"`
	// What the result says of whose arguments these are.
	ValidateArgsContext map[string]any `arg:"validate_args_context"`
}

func runValidateArgumentSpec(_ context.Context, a *attempt, _ *validateArgumentSpecArgs) (*taskResult, error) {
	options := a.mapping("argument_spec")
	values := jinja.NewMap()
	for k, v := range options.All() {
		about, _ := v.(*jinja.Map)
		names := []string{jinja.Str(k)}
		if about != nil {
			names = append(names, textsOf(about, "aliases")...)
		}
		for _, name := range names {
			if v, ok := a.c.Scope.Lookup(name); ok {
				v, err := jinja.Deep(a.c, v)
				if err != nil {
					return nil, err
				}
				values.Set(name, v)
			}
		}
	}
	merge(values, a.mapping("provided_arguments"))
	a.hideSpecified(options, values)
	check := &specCheck{}
	check.options(options, values, nil)
	res := ok("changed", false, "msg", "The arg spec validation passed", "validate_args_context", a.mapping("validate_args_context"))
	if len(check.errs) > 0 {
		res.value.Set("failed", true)
		res.value.Set("msg", "Validation of arguments failed:\n"+strings.Join(check.errs, "\n"))
		res.value.Set("argument_errors", list(check.errs))
		res.value.Set("argument_spec_data", options)
	}
	return res, nil
}

// mapping returns an argument as it was evaluated; an empty mapping where it is none.
func (a *attempt) mapping(key string) *jinja.Map {
	if m, ok := a.ordered(key, nil).(*jinja.Map); ok {
		return m
	}
	return jinja.NewMap()
}

// hideSpecified gives the values of options with no_log to the run's secrets.
func (a *attempt) hideSpecified(options, values *jinja.Map) {
	for k, v := range options.All() {
		about, isMap := v.(*jinja.Map)
		if !isMap || !isTrue(about, "no_log") {
			continue
		}
		if value, given := valueOf(jinja.Str(k), about, values); given {
			a.hideValue(value, true)
		}
	}
}
