package jinja

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"fleet/internal/charset"
	"fleet/internal/source"
)

// codecFilters read and write JSON, YAML and base64.
var codecFilters = []filter{
	{name: "b64decode", params: "encoding=utf-8", fn: filterB64Decode},
	{name: "b64encode", params: "encoding=utf-8", fn: func(c *Context, v any, a []any) (any, error) {
		e, err := charset.Named(Str(a[0]))
		if err != nil {
			return nil, err
		}
		s, err := c.str(v)
		if err != nil {
			return nil, err
		}
		data, err := e.Encode(s)
		return base64.StdEncoding.EncodeToString(data), err
	}},
	{name: "from_json", fn: func(c *Context, v any, _ []any) (any, error) {
		s, err := textArg("value", v)
		if err != nil {
			return nil, err
		}
		if err := c.charge(8 * len(s)); err != nil {
			return nil, err
		}
		return FromJSON([]byte(s))
	}},
	{name: "from_yaml", fn: func(c *Context, v any, _ []any) (any, error) {
		docs, err := c.readYAML(v)
		if err != nil || docs == nil {
			return v, err
		}
		switch len(docs) {
		case 0:
			return nil, nil
		case 1:
			return docs[0], nil
		}
		return nil, newError("the text has %d YAML documents", len(docs)).WithHint("use from_yaml_all")
	}},
	{name: "from_yaml_all", fn: func(c *Context, v any, _ []any) (any, error) {
		docs, err := c.readYAML(v)
		if err != nil || docs == nil {
			return v, err
		}
		return docs, nil
	}},
	{name: "to_json", params: "indent=none separators=none sort_keys=false ensure_ascii=true allow_nan=true vault_to_text=true preprocess_unsafe=false", fn: func(c *Context, v any, a []any) (any, error) {
		return dumpJSON(v, a, [2]string{", ", ": "})
	}},
	{name: "to_nice_json", params: "indent=4 sort_keys=true ensure_ascii=true allow_nan=true vault_to_text=true preprocess_unsafe=false", fn: func(c *Context, v any, a []any) (any, error) {
		return dumpJSON(v, []any{a[0], nil, a[1], a[2], a[3]}, [2]string{",", ": "})
	}},
	{name: "to_yaml", params: "default_flow_style=none indent=none width=none sort_keys=true allow_unicode=true explicit_start=false explicit_end=false default_style=none line_break=none canonical=none", fn: func(c *Context, v any, a []any) (any, error) {
		return dumpYAML(c, v, a[1:], a[0])
	}},
	{name: "to_nice_yaml", params: "indent=4 width=none sort_keys=true allow_unicode=true explicit_start=false explicit_end=false default_style=none line_break=none canonical=none", fn: func(c *Context, v any, a []any) (any, error) {
		return dumpYAML(c, v, a, false)
	}},
	{name: "tojson", params: "indent=none", fn: func(c *Context, v any, a []any) (any, error) {
		s, err := dumpJSON(v, []any{a[0], nil, true, true, true}, [2]string{", ", ": "})
		if err != nil {
			return nil, err
		}
		return strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`).Replace(s.(string)), nil
	}},
}

func filterB64Decode(c *Context, v any, a []any) (any, error) {
	e, err := charset.Named(Str(a[0]))
	if err != nil {
		return nil, err
	}
	s, err := c.str(v)
	if err != nil {
		return nil, err
	}
	s = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (isASCIIWord(r) && r != '_' || strings.ContainsRune("+/=", r)) {
			return r
		}
		return -1
	}, s)
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, newError("the text is not valid base64: %w", err)
	}
	return e.Decode(data)
}

// dumpJSON writes v. The arguments are indent, separators, sort_keys,
// ensure_ascii and allow_nan.
func dumpJSON(v any, a []any, separators [2]string) (any, error) {
	flags, err := truths(a[2], a[3], a[4])
	if err != nil {
		return nil, err
	}
	w := &jsonWriter{item: separators[0], key: separators[1], sort: flags[0], utf8: !flags[1], strict: !flags[2]}
	switch indent := a[0].(type) {
	case nil:
		if separators[0] == "," && a[1] == nil {
			w.item = ","
		}
	case string:
		w.lines, w.indent = true, indent
	default:
		n, err := intArg("indent", indent)
		if err != nil {
			return nil, err
		}
		w.lines, w.indent = true, strings.Repeat(" ", min(max(n, 0), 100))
	}
	if w.lines {
		w.item = ","
	}
	if l, ok := a[1].(Tuple); ok && len(l) == 2 {
		w.item, w.key = Str(l[0]), Str(l[1])
	} else if l, ok := a[1].([]any); ok && len(l) == 2 {
		w.item, w.key = Str(l[0]), Str(l[1])
	}
	if err := w.value(v, 0); err != nil {
		return nil, err
	}
	return w.b.String(), nil
}

// readYAML reads all documents of a text; nil stands for a value that is no text.
func (c *Context) readYAML(v any) ([]any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, nil
	}
	if err := c.charge(64 * len(s)); err != nil { // the tree is much larger than the text
		return nil, err
	}
	nodes, err := source.ParseYAML("", []byte(s))
	if err != nil {
		if e, ok := err.(*source.Error); ok {
			return nil, newError("%s (line %d of the text)", e.Msg, e.Pos.Line).WithHint("%s", e.Hint)
		}
		return nil, err
	}
	docs := []any{}
	for _, n := range nodes {
		docs = append(docs, Plain(n))
	}
	return docs, nil
}
