package engine

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fleet/internal/charset"
	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/vars"
)

// maxTemplate bounds the size of a template file, in bytes.
const maxTemplate = 64 << 20

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
	Mode any `arg:"mode" form:"mode"`
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
	NewlineSequence string `arg:"newline_sequence" default:"\\n"`
	// How the file is written: utf-8, utf-8-sig, ascii, latin-1, iso8859-15, cp1252, or
	// utf-16 with or without -le or -be.
	OutputEncoding string `arg:"output_encoding" default:"utf-8"`
	// Flags of the file system, as chattr has them.
	Attributes *string `arg:"attributes" alias:"attr"`
	// The user, role, type and level of the file's SELinux label.
	Seuser  string `arg:"seuser"`
	Serole  string `arg:"serole"`
	Setype  string `arg:"setype"`
	Selevel string `arg:"selevel"`
	// Writes into a file in place where it cannot be replaced.
	UnsafeWrites *bool `arg:"unsafe_writes"`
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
	encoding, err := charset.Named(args.OutputEncoding)
	if err != nil {
		return nil, a.at("output_encoding", err)
	}
	data, err := encoding.Encode(text)
	if err != nil {
		return nil, a.at("output_encoding", err)
	}
	call := jinja.NewMap()
	for _, key := range []string{"dest", "mode", "owner", "group", "backup", "force", "follow", "validate",
		"attributes", "attr", "seuser", "serole", "setype", "selevel", "unsafe_writes"} {
		if v, given := a.evaluated.Get(key); given {
			call.Set(key, v)
		}
	}
	name := filepath.Base(found)
	res, err := a.module(ctx, "copy", call, inline(name, data))
	if err != nil {
		return nil, err
	}
	res.whenThere(func(res *taskResult) {
		res.data = nil
		res.value.Set("src", found)
	})
	return res, nil
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
	data, err := a.engine.files().Read(file)
	if err != nil {
		return "", a.at("src", err)
	}
	o := jinja.ForFile()
	o.TrimBlocks, o.LstripBlocks = args.TrimBlocks, args.LstripBlocks
	o.VariableStart, o.VariableEnd = args.VariableStart, args.VariableEnd
	o.BlockStart, o.BlockEnd = args.BlockStart, args.BlockEnd
	o.CommentStart, o.CommentEnd = args.CommentStart, args.CommentEnd
	if o.NewlineSequence = unescape(args.NewlineSequence); !slices.Contains([]string{"\n", "\r", "\r\n"}, o.NewlineSequence) {
		return "", a.at("newline_sequence", fmt.Errorf("newline_sequence is %q, which is none of \\n, \\r, \\r\\n", args.NewlineSequence))
	}
	tmpl, err := a.engine.template(file, string(data), o)
	if err != nil {
		return "", err
	}
	scope, isScope := a.c.Scope.(*vars.Scope)
	if !isScope {
		return tmpl.Render(a.c)
	}
	return tmpl.Render(a.c.With(scope.With(a.aboutTemplate(file, args.Dest, info))))
}

// aboutTemplate returns the variables that only template files have.
func (a *attempt) aboutTemplate(file, dest string, info fs.FileInfo) map[string]any {
	full, err := filepath.Abs(file)
	if err != nil {
		full = file
	}
	host, _ := os.Hostname()
	owner := ""
	if u, err := user.Current(); err == nil {
		owner = u.Username
	}
	return map[string]any{"ansible_managed": a.managed(file, host, owner, info), "template_path": file, "template_fullpath": full,
		"template_destpath": dest, "template_host": host, "template_uid": owner,
		"template_mtime": info.ModTime().Format(time.DateTime), "template_run_date": time.Now().Format(time.DateTime)}
}

// managed is the value of ansible_managed: the setting, with the template's file,
// host, owner and time in it.
func (a *attempt) managed(file, host, owner string, info fs.FileInfo) string {
	text := cmp.Or(a.engine.Options.Managed, "Ansible managed")
	if strings.Contains(text, "{") {
		text = strings.NewReplacer("{file}", file, "{host}", host, "{uid}", owner).Replace(text)
	}
	if !strings.Contains(text, "%") {
		return text
	}
	v, err := a.c.Filter("strftime", text, float64(info.ModTime().Unix()))
	if err != nil {
		return text
	}
	return jinja.Str(v)
}

func unescape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(cmp.Or(s, `\n`), `\r`, "\r"), `\n`, "\n")
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
