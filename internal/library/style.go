package library

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"
	"sync"
)

// Style is the way in which a module gets its arguments.
type Style string

// The styles of modules.
const (
	Binary   Style = "binary"    // an executable, which gets the path of a JSON file
	WantJSON Style = "want_json" // a script that asks for a JSON file
	Inline   Style = "inline"    // a script that has a place for the JSON in its text
	Old      Style = "old"       // a script that gets the path of a file of key=value words
)

// inlineMark is replaced by the arguments as JSON.
const inlineMark = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"

// Program is a module's file, and how it is run.
type Program struct {
	Text  []byte
	Style Style
	// Interpreter is the command in the first line, without "#!" and without
	// /usr/bin/env. It is empty for a binary.
	Interpreter []string
}

// usesAnsible matches Python that imports Ansible's own library.
var usesAnsible = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*(from|import)[ \t]+(\.|ansible\.module_utils|ansible_collections)|#<<INCLUDE_ANSIBLE_MODULE_COMMON>>`)
})

// Read says how Ansible runs a module with this text. Those that only Ansible
// itself can run are an error that says why.
func Read(name string, text []byte) (*Program, error) {
	p := &Program{Text: text, Style: Old}
	head := text[:min(len(text), 1024)]
	switch {
	case bytes.IndexByte(head, 0) >= 0:
		p.Style = Binary
		return p, nil
	case usesAnsible().Match(text):
		return nil, fmt.Errorf("the module %s is written in Python on top of ansible.module_utils, which is a part of Ansible: "+
			"fleet runs modules that read their arguments themselves, in any language", name)
	case bytes.Contains(text, []byte("#Requires -Module")), bytes.Contains(text, []byte("#AnsibleRequires")), bytes.Contains(text, []byte("# POWERSHELL_COMMON")):
		return nil, fmt.Errorf("the module %s is one for Windows", name)
	case bytes.Contains(text, []byte(inlineMark)):
		p.Style = Inline
	case bytes.Contains(text, []byte("WANT_JSON")):
		p.Style = WantJSON
	}
	line, _, _ := strings.Cut(string(head), "\n")
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(words) == 0 {
		return nil, fmt.Errorf("module (%s) is missing interpreter line: its first line has to be #! and a program", name)
	}
	if path.Base(words[0]) == "env" && len(words) > 1 {
		words = words[1:]
	}
	p.Interpreter = words
	return p, nil
}

// Language returns the name by which variables name the interpreter, as
// ansible_ruby_interpreter does: all Pythons are one.
func (p *Program) Language() string {
	if len(p.Interpreter) == 0 {
		return ""
	}
	name := path.Base(p.Interpreter[0])
	if strings.HasPrefix(name, "python") {
		return "python"
	}
	return name
}

// Fill puts the arguments, as JSON, into the text of an Inline module.
func (p *Program) Fill(args []byte) {
	if p.Style == Inline {
		p.Text = bytes.ReplaceAll(p.Text, []byte(inlineMark), args)
	}
}
