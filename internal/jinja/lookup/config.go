package lookup

import (
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// PluginSetting is a setting of a plugin.
type PluginSetting struct {
	Vars   []string // variables of the host; the last one that is set decides
	Number bool     // the value is a whole number
	Value  any      // where no variable is set
	Origin string   // of Value
}

// wanted is what the lookup config is asked for.
type wanted struct {
	missing      string // what to do where there is no such setting
	kind, plugin string // "" for Ansible's own settings
	origin       bool
}

// config returns settings, by their names in Ansible: those of Ansible itself, or
// of a plugin.
func (l lookups) config(c *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	w, err := wantedOf(kw)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range terms {
		name, isText := t.(string)
		if !isText {
			return nil, failed("Invalid setting identifier, \"%s\" is not a string", jinja.Str(t)).WithHint("the lookup config takes names of settings")
		}
		v, from, known, err := l.o.wanted(c, w, name)
		switch {
		case err != nil:
			return nil, err
		case !known && w.missing == "error":
			return nil, w.unknown(name)
		case !known:
		case w.origin:
			out = append(out, jinja.Tuple{v, from})
		default:
			out = append(out, v)
		}
	}
	return out, nil
}

func wantedOf(kw *jinja.Map) (w wanted, err error) {
	if err := only("config", kw, "on_missing", "plugin_type", "plugin_name", "show_origin"); err != nil {
		return w, err
	}
	w.missing = option(kw, "on_missing", "error")
	if words := []string{"error", "skip", "warn"}; !slices.Contains(words, w.missing) {
		return w, failed("the lookup \"config\": on_missing is %q, valid values are: error, skip, warn", w.missing)
	}
	w.kind, w.plugin = option(kw, "plugin_type", ""), option(kw, "plugin_name", "")
	if (w.kind == "") != (w.plugin == "") {
		return w, failed("the lookup \"config\": plugin_type and plugin_name go together")
	}
	w.origin, err = flag(kw, "show_origin", false)
	return w, err
}

func (w wanted) unknown(name string) *source.Error {
	if w.kind != "" {
		return failed("Unable to find setting %s of the %s plugin %q", name, w.kind, w.plugin)
	}
	e := failed("Unable to find setting %s: it is no setting that fleet knows", name).WithHint("docs/ansible.md lists them")
	if name != strings.ToUpper(name) {
		e = failed("Invalid setting %q: it is no setting that fleet knows", name).WithHint("their names are in capital letters: docs/ansible.md lists them")
	}
	return e
}

// wanted returns a setting as a value, and where it comes from.
func (o Options) wanted(c *jinja.Context, w wanted, name string) (v any, from string, known bool, err error) {
	if w.kind == "" {
		v, from, known = o.setting(name)
		return v, from, known, nil
	}
	if o.Plugin == nil {
		return nil, "", false, nil
	}
	s, known, ok := o.Plugin(w.kind, w.plugin, name)
	if !known {
		return nil, "", false, failed("Unable to load %s plugin %q: fleet has none of this name", w.kind, w.plugin).
			WithHint("fleet knows the connection ssh, the shell sh, and doas, su and sudo to become another user")
	}
	v, from = items(s.Value), s.Origin
	for _, variable := range s.Vars {
		given, set := c.Scope.Lookup(variable)
		if !set {
			continue
		}
		if v, err = jinja.Deep(c, given); err != nil {
			return nil, "", false, err
		}
		if text, isText := v.(string); isText && s.Number {
			v = source.Resolve(text)
		}
		from = "var: " + variable
	}
	return v, from, ok, nil
}

// setting returns a setting as a value, and where it comes from.
func (o Options) setting(name string) (v any, from string, known bool) {
	if o.Setting == nil {
		return nil, "", false
	}
	v, from, known = o.Setting(name)
	return items(v), from, known
}

// items returns a list of texts as a list that templates know.
func items(v any) any {
	list, isList := v.([]string)
	if !isList {
		return v
	}
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
