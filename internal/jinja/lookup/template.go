package lookup

import (
	"os"
	"path/filepath"
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// template returns rendered templates.
func (l lookups) template(c *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("template", kw, "convert_data", "template_vars", "variable_start_string", "variable_end_string",
		"comment_start_string", "comment_end_string", "jinja2_native"); err != nil {
		return nil, err
	}
	convert, err := flag(kw, "convert_data", true)
	if err != nil {
		return nil, err
	}
	native, err := flag(kw, "jinja2_native", false)
	if err != nil {
		return nil, err
	}
	o := jinja.ForFile()
	o.VariableStart, o.VariableEnd = option(kw, "variable_start_string", ""), option(kw, "variable_end_string", "")
	o.CommentStart, o.CommentEnd = option(kw, "comment_start_string", ""), option(kw, "comment_end_string", "")
	out := []any{}
	for _, t := range terms {
		name, err := text("template", t)
		if err != nil {
			return nil, err
		}
		path, err := l.mustFind("template", "templates", name)
		if err != nil {
			return nil, err
		}
		s, err := l.render(c, path, name, kw, o)
		if err != nil {
			return nil, err
		}
		v, isLiteral := jinja.Literal(s)
		switch {
		case !isLiteral || !convert:
			out = append(out, s)
		case c.Env.ReadLiterals && !native:
			out = append(out, jinja.Str(v)) // text, in Python's notation
		default:
			out = append(out, v)
		}
	}
	return out, nil
}

func (l lookups) render(c *jinja.Context, path, name string, kw *jinja.Map, o jinja.Options) (string, error) {
	src, err := l.read(path)
	if err != nil {
		return "", err
	}
	t, err := l.parsed(path, src, o)
	if err != nil {
		return "", err
	}
	vars := jinja.Vars{"template_path": name, "template_fullpath": path}
	if host, err := os.Hostname(); err == nil {
		vars["template_host"] = host
	}
	if info, err := os.Stat(path); err == nil {
		vars["template_mtime"] = info.ModTime()
	}
	if v, ok := kw.Get("template_vars"); ok {
		m, isMap := v.(*jinja.Map)
		if !isMap {
			return "", failed("the argument \"template_vars\" must be a dictionary, not %s", jinja.Repr(v))
		}
		for k, e := range m.All() {
			vars[jinja.Str(k)] = e
		}
	}
	d := c.With(overlay{vars, c.Scope})
	d.Env = l.beside(c.Env, filepath.Dir(path))
	return t.Render(d)
}

// templateKey identifies a parsed template.
type templateKey struct {
	path, src string
	options   jinja.Options
}

// parsed returns a file's template, which is parsed once for all hosts.
func (l lookups) parsed(path, src string, o jinja.Options) (*jinja.Template, error) {
	key := templateKey{path, src, o}
	if t, known := l.templates.Load(key); known {
		return t.(*jinja.Template), nil
	}
	t, err := jinja.Parse(src, source.Pos{File: path, Line: 1, Col: 1}, o)
	if err == nil {
		l.templates.Store(key, t)
	}
	return t, err
}

// beside returns env with templates beside the file found first.
func (l lookups) beside(env *jinja.Env, dir string) *jinja.Env {
	own := *env
	own.Load = func(name string) (string, string, error) {
		path := filepath.Join(dir, name)
		if filepath.IsAbs(name) {
			path = name
		}
		if _, err := os.Stat(path); err == nil {
			src, err := l.read(path)
			return src, path, err
		}
		if env.Load == nil {
			return "", "", failed("cannot find the template %q", name).WithHint("looked in %s", dir)
		}
		return env.Load(name)
	}
	return &own
}

// overlay is a scope with variables put over another.
type overlay struct {
	over  jinja.Vars
	under jinja.Scope
}

// Lookup returns the variable called name.
func (o overlay) Lookup(name string) (any, bool) {
	if v, ok := o.over[name]; ok {
		return v, true
	}
	return o.under.Lookup(name)
}

// Names returns all names, those put over the others at the end.
func (o overlay) Names() []string {
	under := slices.DeleteFunc(o.under.Names(), func(name string) bool { _, over := o.over[name]; return over })
	return append(under, o.over.Names()...)
}
