package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Lazily returns what reads the arguments off the struct A, as Of says, when
// they are first asked for: a helper that starts on each of a hundred hosts pays
// for the modules that it runs, not for the table of all. It may be called
// concurrently.
func Lazily[A any]() func() []Arg {
	return sync.OnceValue(func() []Arg { return Of(reflect.TypeFor[A]()) })
}

// Of returns the arguments that a struct's fields declare. A field declares one by its tags:
//
//	Dest  string   `arg:"dest,required"`
//	Src   string   `arg:"src" type:"path"`
//	State string   `arg:"state" choices:"present,absent" default:"present"`
//	Name  []string `arg:"name" alias:"pkg,package"`
//	Key   string   `arg:"key,secret"`
//	Src   string   `arg:"src,plain"`
//	Mime  bool     `arg:"mime" default:"yes" gives:"stat.mimetype"`
//
// Go types stand for types of arguments: string (str), bool, int, float64,
// slices (list), structs and maps (dict), any (raw). A pointer tells "not given"
// from the zero value. A field of any other Go type gives an argument without a
// type, which nothing can be decoded into: the catalog's test finds it.
func Of(t reflect.Type) []Arg {
	var args []Arg
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			args = append(args, Of(f.Type)...)
			continue
		}
		if a, ok := argOf(f); ok {
			args = append(args, a)
		}
	}
	return args
}

func argOf(f reflect.StructField) (Arg, bool) {
	tag, ok := f.Tag.Lookup("arg")
	if !ok {
		return Arg{}, false
	}
	name, flags, _ := strings.Cut(tag, ",")
	a := Arg{Name: name, Default: f.Tag.Get("default")}
	a.Required = strings.Contains(flags, "required")
	a.Secret = strings.Contains(flags, "secret")
	a.Plain = strings.Contains(flags, "plain")
	a.Aliases = splitTag(f.Tag.Get("alias"))
	a.Choices = splitTag(f.Tag.Get("choices"))
	a.Form = Form(f.Tag.Get("form"))
	a.Gives = splitTag(f.Tag.Get("gives"))
	a.Type, a.Elem, a.Sub = typeOf(f.Type)
	if t := Type(f.Tag.Get("type")); t != "" {
		if a.Type == List {
			a.Elem = t
		} else {
			a.Type = t
		}
	}
	return a, true
}

func splitTag(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func typeOf(t reflect.Type) (typ, elem Type, sub []Arg) {
	switch t.Kind() {
	case reflect.Pointer:
		return typeOf(t.Elem())
	case reflect.String:
		return Str, "", nil
	case reflect.Bool:
		return Bool, "", nil
	case reflect.Int, reflect.Int64:
		return Int, "", nil
	case reflect.Float64:
		return Float, "", nil
	case reflect.Interface:
		return Raw, "", nil
	case reflect.Map:
		return Dict, "", nil
	case reflect.Struct:
		return Dict, "", Of(t)
	case reflect.Slice:
		e, _, sub := typeOf(t.Elem())
		if e == Raw {
			e = ""
		}
		return List, e, sub
	}
	return "", "", nil
}

// Decode checks the JSON object args against the module and fills the struct
// that dst points to, defaults included. The first mismatch is returned.
func (m *Module) Decode(args []byte, dst any) error {
	given := map[string]any{}
	if len(bytes.TrimSpace(args)) > 0 {
		dec := json.NewDecoder(bytes.NewReader(args))
		dec.UseNumber()
		if err := dec.Decode(&given); err != nil {
			return fmt.Errorf("arguments are not a JSON object: %w", err)
		}
	}
	return m.Fill(numbers(given).(map[string]any), dst)
}

// Fill is Decode of arguments that are no text any more.
func (m *Module) Fill(given map[string]any, dst any) error {
	if errs := m.Check(given, nil); len(errs) > 0 {
		return errs[0]
	}
	return fill(reflect.ValueOf(dst).Elem(), given)
}

// numbers replaces each json.Number in v by an int, or a float64 where it is not whole.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = numbers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = numbers(e)
		}
	case json.Number:
		if i, err := strconv.Atoi(v.String()); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return v
}

// fill sets the fields of the struct v from given, which has been checked.
func fill(v reflect.Value, given map[string]any) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			if err := fill(v.Field(i), given); err != nil {
				return err
			}
			continue
		}
		a, ok := argOf(f)
		if !ok {
			continue
		}
		val, ok := lookup(&a, given)
		if !ok {
			if a.Default == "" || a.Type == Raw && isNull(a, given) {
				continue
			}
			val = a.Default
		}
		if err := set(v.Field(i), a, val); err != nil {
			return &Error{Key: a.Name, Msg: fmt.Sprintf("argument %q: %s", a.Name, err)}
		}
	}
	return nil
}

// isNull reports that a is given as null. A raw argument is taken as it is: its
// default does not stand for that.
func isNull(a Arg, given map[string]any) bool {
	return slices.ContainsFunc(append([]string{a.Name}, a.Aliases...), func(name string) bool {
		v, there := given[name]
		return there && v == nil
	})
}

func set(dst reflect.Value, a Arg, v any) error {
	v, err := coerce(a.Type, a.word(v))
	if err != nil || v == nil {
		return err
	}
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		dst = dst.Elem()
	}
	switch dst.Kind() {
	case reflect.Struct:
		return fill(dst, v.(map[string]any))
	case reflect.Slice:
		return setSlice(dst, a, v.([]any))
	case reflect.Map:
		return setMap(dst, v.(map[string]any))
	}
	if !reflect.TypeOf(v).ConvertibleTo(dst.Type()) {
		return fmt.Errorf("%s cannot hold %s", dst.Type(), show(v))
	}
	dst.Set(reflect.ValueOf(v).Convert(dst.Type()))
	return nil
}

func setSlice(dst reflect.Value, a Arg, items []any) error {
	out := reflect.MakeSlice(dst.Type(), len(items), len(items))
	typ, _, sub := typeOf(dst.Type().Elem())
	if a.Elem != "" {
		typ = a.Elem
	}
	for i, item := range items {
		if err := set(out.Index(i), Arg{Name: a.Name, Type: typ, Sub: sub}, item); err != nil {
			return err
		}
	}
	dst.Set(out)
	return nil
}

func setMap(dst reflect.Value, m map[string]any) error {
	out := reflect.MakeMapWithSize(dst.Type(), len(m))
	typ, _, _ := typeOf(dst.Type().Elem())
	for k, item := range m {
		e := reflect.New(dst.Type().Elem()).Elem()
		if err := set(e, Arg{Name: k, Type: typ}, item); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		out.SetMapIndex(reflect.ValueOf(k), e)
	}
	dst.Set(out)
	return nil
}
