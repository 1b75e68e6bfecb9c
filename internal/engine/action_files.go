package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"strings"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/vars"
	"fleet/internal/wire"
)

// maxTemplate bounds the size of a template file, in bytes.
const maxTemplate = 64 << 20

// runCopy offers the source to the target's module copy.
func runCopy(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if isTrue(args, "remote_src") {
		return a.module(ctx, "copy", args, nil)
	}
	if content, given := args.Get("content"); given && content != nil {
		data, err := contentBytes(content)
		if err != nil {
			return nil, err
		}
		args.Delete("content")
		return a.module(ctx, "copy", args, inline("content", data))
	}
	src := args.GetString("src")
	if src == "" {
		return nil, source.Errorf(a.task.ModulePos, "copy: one of the arguments src, content is needed")
	}
	found, err := a.searchFor(a.task).Find("files", src)
	if err != nil {
		return nil, a.at("src", err)
	}
	follow := args.Has("local_follow") == false || isTrue(args, "local_follow")
	with, err := offer(found, strings.HasSuffix(src, "/"), follow)
	if err != nil {
		return nil, a.at("src", err)
	}
	return a.module(ctx, "copy", args, with)
}

// at gives an error the place of an argument.
func (a *attempt) at(arg string, err error) error {
	n := a.task.Action.Get(arg)
	if !n.Exists() {
		return source.Errorf(a.task.ModulePos, "%w", err).WithHint("%s", source.HintOf(err))
	}
	return source.Errorf(n.Pos(), "%w", err).WithHint("%s", source.HintOf(err))
}

// contentBytes returns what `content` stands for: text as it is, lists and
// mappings as JSON.
func contentBytes(v any) ([]byte, error) {
	switch v := v.(type) {
	case *jinja.Map, []any:
		expr, err := jinja.ParseExpr("content | to_json", source.Pos{})
		if err != nil {
			return nil, err
		}
		text, err := expr.Value(jinja.NewContext(context.Background(), nil, jinja.Vars{"content": v}))
		return []byte(jinja.Str(text)), err
	case string:
		return []byte(v), nil
	}
	return []byte(jinja.Str(v)), nil
}

// inline is a payload of one file whose bytes are in memory.
func inline(name string, data []byte) *payload {
	digest := sha256.Sum256(data)
	return &payload{
		files: []wire.File{{Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(digest[:]), Mode: 0o644}},
		open:  func(wire.File) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

// offer is a payload of a file, or of all that is in a folder. Names start with
// the folder's own unless only its content is meant. With follow, symbolic links
// stand for what they point to.
func offer(root string, contentOnly, follow bool) (*payload, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	p := &payload{open: openLocal(paths)}
	if !info.IsDir() {
		err := p.add(paths, filepath.Base(root), root, info)
		return p, err
	}
	prefix := filepath.Base(root)
	if contentOnly {
		prefix = ""
	}
	return p, p.addTree(paths, root, prefix, follow, 0)
}

// maxDepth bounds how deep folders may lie in each other, which a symbolic link to
// a folder above would make endless.
const maxFolders = 100

func (p *payload) addTree(paths map[string]string, dir, prefix string, follow bool, depth int) error {
	if depth > maxFolders {
		return fmt.Errorf("%s: folders more than %d levels deep: does a symbolic link point to a folder above?", dir, maxFolders)
	}
	if prefix != "" {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		p.files = append(p.files, wire.File{Name: prefix + "/", Mode: uint32(info.Mode().Perm())})
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		full, name := filepath.Join(dir, e.Name()), path.Join(prefix, e.Name())
		if e.Type()&fs.ModeSymlink != 0 && !follow {
			to, err := os.Readlink(full)
			if err != nil {
				return err
			}
			p.files = append(p.files, wire.File{Name: name, Link: to})
			continue
		}
		info, err := os.Stat(full)
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = p.addTree(paths, full, name, follow, depth+1)
		} else {
			err = p.add(paths, name, full, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add offers one file. Its digest is taken now: what is sent later has to be the same.
func (p *payload) add(paths map[string]string, name, full string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", full)
	}
	digest, size, err := digestFile(full)
	if err != nil {
		return err
	}
	paths[name] = full
	p.files = append(p.files, wire.File{Name: name, Size: size, SHA256: digest, Mode: uint32(info.Mode().Perm())})
	return nil
}

func digestFile(path string) (digest string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// Template renders a file of the controller and puts the text onto the target.
//
// The text is rendered on the controller, with the variables of the host. It is
// sent only where the target's file differs.
//
// Example:
//
//	tasks:
//	  - template:
//	      src: nginx.conf.j2
//	      dest: /etc/nginx/nginx.conf
//	      mode: "0644"
//	      validate: nginx -t -c %s
//	    notify: reload nginx
var template = define(spec.Module{Name: "template", Names: []string{"ansible.builtin.template", "ansible.legacy.template"}}, runTemplate)

type templateArgs struct {
	// The template, looked for in the folder templates of the role and beside the playbook.
	Src string `arg:"src,required"`
	// Where the file goes on the target.
	Dest string `arg:"dest,required" type:"path"`
	// The file's permissions.
	Mode any `arg:"mode"`
	// The file's owner.
	Owner string `arg:"owner"`
	// The file's group.
	Group string `arg:"group"`
	// Keeps a file that is replaced under a name with the time in it.
	Backup bool `arg:"backup"`
	// Replaces a file that differs. With no, a file that is there is left alone.
	Force bool `arg:"force" default:"yes"`
	// Writes where dest points to, if it is a symbolic link.
	Follow bool `arg:"follow"`
	// A command that has to accept the new file before it is put in place, with %s for its name.
	Validate string `arg:"validate"`
	// Removes the newline behind a block tag.
	TrimBlocks bool `arg:"trim_blocks" default:"yes"`
	// Removes the blanks between a line's start and a block tag.
	LstripBlocks bool `arg:"lstrip_blocks"`
	// The characters that end a line.
	NewlineSequence string `arg:"newline_sequence" choices:"\\n,\\r,\\r\\n"`
	// The characters that open and close expressions, blocks and comments.
	VariableStart string `arg:"variable_start_string" default:"{{"`
	VariableEnd   string `arg:"variable_end_string" default:"}}"`
	BlockStart    string `arg:"block_start_string" default:"{%"`
	BlockEnd      string `arg:"block_end_string" default:"%}"`
	CommentStart  string `arg:"comment_start_string"`
	CommentEnd    string `arg:"comment_end_string"`
}

func runTemplate(ctx context.Context, a *attempt, args *templateArgs) (*taskResult, error) {
	found, err := a.searchFor(a.task).Find("templates", args.Src)
	if err != nil {
		return nil, a.at("src", err)
	}
	text, err := a.render(found, args)
	if err != nil {
		return nil, err
	}
	call := jinja.NewMap()
	for _, key := range []string{"dest", "mode", "owner", "group", "backup", "force", "follow", "validate"} {
		if v, given := a.evaluated.Get(key); given {
			call.Set(key, v)
		}
	}
	name := strings.TrimSuffix(filepath.Base(found), ".j2")
	res, err := a.module(ctx, "copy", call, inline(name, []byte(text)))
	if err == nil {
		res.value.Set("src", found)
	}
	return res, err
}

// render renders a template file with the attempt's variables.
func (a *attempt) render(file string, args *templateArgs) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", a.at("src", err)
	}
	if info.Size() > maxTemplate {
		return "", a.at("src", fmt.Errorf("the template %s has more than %d MiB", file, maxTemplate>>20))
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", a.at("src", err)
	}
	o := jinja.ForFile()
	o.TrimBlocks, o.LstripBlocks = args.TrimBlocks, args.LstripBlocks
	o.VariableStart, o.VariableEnd = args.VariableStart, args.VariableEnd
	o.BlockStart, o.BlockEnd = args.BlockStart, args.BlockEnd
	o.CommentStart, o.CommentEnd = args.CommentStart, args.CommentEnd
	o.NewlineSequence = unescape(args.NewlineSequence)
	tmpl, err := a.engine.template(file, string(data), o)
	if err != nil {
		return "", err
	}
	scope, isScope := a.c.Scope.(*vars.Scope)
	if !isScope {
		return tmpl.Render(a.c)
	}
	return tmpl.Render(a.c.With(scope.With(aboutTemplate(file, args.Dest, info))))
}

// aboutTemplate returns the variables that only template files have.
func aboutTemplate(file, dest string, info fs.FileInfo) map[string]any {
	full, err := filepath.Abs(file)
	if err != nil {
		full = file
	}
	host, _ := os.Hostname()
	owner := ""
	if u, err := user.Current(); err == nil {
		owner = u.Username
	}
	return map[string]any{"ansible_managed": "Ansible managed", "template_path": file, "template_fullpath": full,
		"template_destpath": dest, "template_host": host, "template_uid": owner,
		"template_mtime": info.ModTime().Format(time.DateTime), "template_run_date": time.Now().Format(time.DateTime)}
}

func unescape(s string) string {
	return strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(cmp.Or(s, `\n`))
}

// templateKey identifies a parsed template.
type templateKey struct {
	file, text string
	options    jinja.Options
}

// template parses a template file, once for all hosts.
func (e *Engine) template(file, text string, o jinja.Options) (*jinja.Template, error) {
	key := templateKey{file, text, o}
	if t, known := e.templates.Load(key); known {
		return t.(*jinja.Template), nil
	}
	t, err := jinja.Parse(text, source.Pos{File: file, Line: 1, Col: 1}, o)
	if err == nil {
		e.templates.Store(key, t)
	}
	return t, err
}

// runScript offers a script of the controller to the target's module script.
func runScript(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	name, _, _ := strings.Cut(strings.TrimSpace(args.GetString("cmd")), " ")
	return a.offering(ctx, "script", "cmd", strings.Trim(name, `"'`), args)
}

// runUnarchive offers an archive of the controller to the target's module unarchive.
func runUnarchive(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	src := args.GetString("src")
	if isTrue(args, "remote_src") || strings.Contains(src, "://") {
		return a.module(ctx, "unarchive", args, nil)
	}
	return a.offering(ctx, "unarchive", "src", src, args)
}

// runURI offers the body's file, where there is one, to the target's module uri.
func runURI(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	src := args.GetString("src")
	if src == "" || isTrue(args, "remote_src") {
		return a.module(ctx, "uri", args, nil)
	}
	return a.offering(ctx, "uri", "src", src, args)
}

// runAssemble offers a folder of pieces to the target's module assemble, where
// they do not lie on the target already.
func runAssemble(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if !args.Has("remote_src") || isTrue(args, "remote_src") {
		return a.module(ctx, "assemble", args, nil)
	}
	return a.offering(ctx, "assemble", "src", args.GetString("src"), args)
}

// offering runs a module that may ask for a file, or for what is in a folder, of
// the controller.
func (a *attempt) offering(ctx context.Context, module, arg, name string, args *jinja.Map) (*taskResult, error) {
	found, err := a.searchFor(a.task).Find("files", name)
	if err != nil {
		return nil, a.at(arg, err)
	}
	with, err := offer(found, true, true)
	if err != nil {
		return nil, a.at(arg, err)
	}
	return a.module(ctx, module, args, with)
}
