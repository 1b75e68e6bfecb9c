package moduledoc

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// sources is what was found in Go files.
type sources struct {
	modules map[string]definition        // by the module's name
	types   map[string]map[string]typing // by package and name
}

// typing is a type's declaration. Embedded types may be of another package.
type typing struct {
	pkg  string
	expr ast.Expr
}

// definition is a variable that defines a module.
type definition struct {
	pkg      string
	variable string
	comment  string
	args     string   // the argument struct's name
	others   []string // the variables of modules of the package whose arguments it takes too
}

func readSources(folders []string) (*sources, error) {
	s := &sources{modules: map[string]definition{}, types: map[string]map[string]typing{}}
	for _, folder := range folders {
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("%s: no Go files: %w", folder, fs.ErrNotExist)
		}
		var files []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := readFile(name)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
		s.read(files)
	}
	return s, nil
}

func readFile(name string) (*ast.File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
}

// read takes the types, and then the modules, of one package.
func (s *sources) read(files []*ast.File) {
	funcs := map[string]*ast.FuncDecl{}
	for _, f := range files {
		pkg := f.Name.Name
		if s.types[pkg] == nil {
			s.types[pkg] = map[string]typing{}
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					funcs[d.Name.Name] = d
				}
			case *ast.GenDecl:
				for _, sp := range d.Specs {
					if t, ok := sp.(*ast.TypeSpec); ok {
						s.types[pkg][t.Name.Name] = typing{pkg, t.Type}
					}
				}
			}
		}
	}
	for _, f := range files {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.VAR {
				s.variables(f.Name.Name, d, funcs)
			}
		}
	}
}

// variables takes those that define a module: `var X = sys.Define(spec.Module{...}, x)`,
// or with sys.Through, where x has a pointer to the argument struct, or a literal with a
// spec.Module in it, where xArgs is.
func (s *sources) variables(pkg string, d *ast.GenDecl, funcs map[string]*ast.FuncDecl) {
	for _, sp := range d.Specs {
		v := sp.(*ast.ValueSpec)
		if len(v.Values) != 1 {
			continue
		}
		comment := v.Doc
		if comment == nil {
			comment = d.Doc
		}
		variable := v.Names[0].Name
		def := definition{pkg: pkg, variable: variable, comment: comment.Text(), args: variable + "Args"}
		name := ""
		if call, ok := v.Values[0].(*ast.CallExpr); ok && isDefine(call.Fun) && len(call.Args) >= 2 {
			name, def.args = moduleName(call.Args[0]), argsOf(call.Args[1], funcs)
			def.others = addressed(call.Args[2:])
		} else {
			name = moduleWithin(v.Values[0])
		}
		if name != "" {
			s.modules[name] = def
		}
	}
}

// addressed returns the names of the variables whose addresses are taken.
func addressed(list []ast.Expr) []string {
	var names []string
	for _, e := range list {
		if at, ok := e.(*ast.UnaryExpr); ok {
			if id, ok := at.X.(*ast.Ident); ok {
				names = append(names, id.Name)
			}
		}
	}
	return names
}

// moduleWithin returns the name of the module whose specification is a part of
// a literal.
func moduleWithin(e ast.Expr) string {
	name := ""
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok && name == "" {
			if t, ok := lit.Type.(*ast.SelectorExpr); ok && t.Sel.Name == "Module" {
				name = moduleName(lit)
			}
		}
		return name == ""
	})
	return name
}

func isDefine(fun ast.Expr) bool {
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name == "Define" || f.Sel.Name == "Through"
	case *ast.Ident:
		return f.Name == "define"
	}
	return false
}

// moduleName returns the value of Name in a spec.Module literal.
func moduleName(e ast.Expr) string {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return ""
	}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Name" {
			if value, ok := kv.Value.(*ast.BasicLit); ok {
				name, _ := strconv.Unquote(value.Value)
				return name
			}
		}
	}
	return ""
}

// argsOf returns the name of the struct that the module's function takes: its last
// parameter that is a pointer to one of the package's own.
func argsOf(e ast.Expr, funcs map[string]*ast.FuncDecl) string {
	var params *ast.FieldList
	switch f := e.(type) {
	case *ast.FuncLit:
		params = f.Type.Params
	case *ast.Ident:
		if decl := funcs[f.Name]; decl != nil {
			params = decl.Type.Params
		}
	}
	if params == nil {
		return ""
	}
	for _, p := range slices.Backward(params.List) {
		if star, ok := p.Type.(*ast.StarExpr); ok {
			if id, ok := star.X.(*ast.Ident); ok {
				return id.Name
			}
		}
	}
	return ""
}

// resultOf returns the name of the struct that the module returns: copyResult
// beside copyArgs, or the package's result.
func (s *sources) resultOf(def definition) string {
	for _, name := range []string{strings.TrimSuffix(def.args, "Args") + "Result", "result"} {
		if _, ok := s.types[def.pkg][name]; ok {
			return name
		}
	}
	return ""
}

// structOf resolves a type expression to a struct, through pointers, slices and
// names. The package is that of the struct.
func (s *sources) structOf(pkg string, e ast.Expr) (*ast.StructType, string) {
	for range 10 {
		switch t := e.(type) {
		case *ast.StarExpr:
			e = t.X
		case *ast.ArrayType:
			e = t.Elt
		case *ast.StructType:
			return t, pkg
		case *ast.Ident:
			e = s.types[pkg][t.Name].expr
		case *ast.SelectorExpr:
			id, ok := t.X.(*ast.Ident)
			if !ok {
				return nil, pkg
			}
			pkg = id.Name
			e = s.types[pkg][t.Sel.Name].expr
		default:
			return nil, pkg
		}
	}
	return nil, pkg
}

// argComments collects the comments of an argument struct's fields by the
// arguments' names, with those of nested ones.
func (s *sources) argComments(pkg, name, prefix string, into map[string]string) {
	s.structComments(pkg, ast.NewIdent(name), prefix, into)
}

func (s *sources) structComments(pkg string, e ast.Expr, prefix string, into map[string]string) {
	t, pkg := s.structOf(pkg, e)
	if t == nil {
		return
	}
	shared := "" // a comment stands for the fields without one below it
	for _, f := range t.Fields.List {
		if len(f.Names) == 0 {
			s.structComments(pkg, f.Type, prefix, into)
			continue
		}
		name, _, _ := strings.Cut(tag(f, "arg"), ",")
		if name == "" {
			continue
		}
		shared = cmp.Or(comment(f), shared)
		into[prefix+name] = shared
		inner := prefix + name + "."
		if isList(f.Type) {
			inner = prefix + name + "[]."
		}
		s.structComments(pkg, f.Type, inner, into)
	}
}

func isList(e ast.Expr) bool {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	_, ok := e.(*ast.ArrayType)
	return ok
}

func tag(f *ast.Field, key string) string {
	if f.Tag == nil {
		return ""
	}
	text, _ := strconv.Unquote(f.Tag.Value)
	return reflect.StructTag(text).Get(key)
}

func comment(f *ast.Field) string {
	text := f.Doc.Text()
	if text == "" {
		text = f.Comment.Text()
	}
	return strings.Join(strings.Fields(text), " ")
}

// returns collects the values that a result struct's fields declare.
func (s *sources) returns(pkg, name, prefix string, open map[string]bool) []Value {
	if open[path.Join(pkg, name)] {
		return nil // a type that holds itself
	}
	open[path.Join(pkg, name)] = true
	defer delete(open, path.Join(pkg, name))
	return s.returnFields(pkg, ast.NewIdent(name), prefix, open)
}

func (s *sources) returnFields(pkg string, e ast.Expr, prefix string, open map[string]bool) []Value {
	t, pkg := s.structOf(pkg, e)
	if t == nil {
		return nil
	}
	var list []Value
	shared := ""
	for _, f := range t.Fields.List {
		name, _, _ := strings.Cut(tag(f, "json"), ",")
		if len(f.Names) == 0 && name == "" {
			list = append(list, s.returnFields(pkg, f.Type, prefix, open)...)
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		shared = cmp.Or(comment(f), shared)
		list = append(list, Value{Name: prefix + name, Type: goType(f.Type), Text: shared})
		if id, ok := bare(f.Type).(*ast.Ident); ok {
			if nested, _ := s.structOf(pkg, id); nested != nil {
				inner := prefix + name + "."
				if isList(f.Type) {
					inner = prefix + name + "[]."
				}
				list = append(list, s.returns(pkg, id.Name, inner, open)...)
			}
		}
	}
	return list
}

// bare returns the type without pointers and slices.
func bare(e ast.Expr) ast.Expr {
	for {
		switch t := e.(type) {
		case *ast.StarExpr:
			e = t.X
		case *ast.ArrayType:
			e = t.Elt
		default:
			return e
		}
	}
}

// goType names a Go type as the documentation of modules does.
func goType(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.StarExpr:
		return goType(t.X)
	case *ast.ArrayType:
		if inner := goType(t.Elt); inner != "any" {
			return "list of " + inner
		}
		return "list"
	case *ast.MapType, *ast.StructType:
		return "dict"
	case *ast.Ident:
		return identType(t.Name)
	}
	return "any"
}

func identType(name string) string {
	switch name {
	case "string":
		return "str"
	case "bool":
		return "bool"
	case "int", "int64", "uint64", "uint32", "int32":
		return "int"
	case "float64":
		return "float"
	case "any":
		return "any"
	}
	return "dict"
}
