package library

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind(t *testing.T) {
	l := &Library{}
	if _, ok := l.Find("a"); ok {
		t.Error("an empty library has a module")
	}
	first, second := folder(t, "a.sh", "README.md", "c.pyc", ".hidden", "d~"), folder(t, "a.py", "b", "__init__.py")
	l.Add(first)
	l.Add(filepath.Join(first, "missing"))
	l.Add(second)
	for name, want := range map[string]string{
		"a": filepath.Join(first, "a.sh"), "b": filepath.Join(second, "b"), "ansible.legacy.b": filepath.Join(second, "b"),
		"c": "", "README": "", "": "", "../b": "", "ansible.builtin.a": "", "x.y.a": "", "__init__": "",
	} {
		if got, ok := l.Find(name); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", name, got, ok, want)
		}
	}
	names := l.Names()
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "a a b" {
		t.Errorf("the names are %q", got)
	}
	if _, ok := (*Library)(nil).Find("a"); ok || (*Library)(nil).Names() != nil {
		t.Error("no library has modules")
	}
}

func TestRead(t *testing.T) {
	for text, want := range map[string]string{
		"#!/bin/sh -e\necho":                               "old: /bin/sh -e: sh",
		"#!/usr/bin/env ruby\n# WANT_JSON\n":               "want_json: ruby: ruby",
		"#! /usr/bin/python3.11\nx = '" + inlineMark + "'": "inline: /usr/bin/python3.11: python",
		"\x7fELF\x00\x01":                                  "binary: : ",
		"echo\n":                                           "error: module (m) is missing interpreter line",
		"#!\n":                                             "error: module (m) is missing interpreter line",
		"#!/usr/bin/python\n  from ansible.module_utils.basic import *\n": "error: on top of ansible.module_utils",
		"#!powershell\n#Requires -Module X\n":                             "error: one for Windows",
	} {
		p, err := Read("m", []byte(text))
		if reason, wrong := strings.CutPrefix(want, "error: "); wrong {
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("%q: got %v, want %q", text, err, reason)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := string(p.Style) + ": " + strings.Join(p.Interpreter, " ") + ": " + p.Language(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestFill(t *testing.T) {
	p := &Program{Style: Inline, Text: []byte("a = r'" + inlineMark + "'")}
	p.Fill([]byte(`{"a":1}`))
	if string(p.Text) != `a = r'{"a":1}'` {
		t.Errorf("got %s", p.Text)
	}
	p = &Program{Style: Old, Text: []byte(inlineMark)}
	if p.Fill([]byte("x")); string(p.Text) != inlineMark {
		t.Errorf("got %s", p.Text)
	}
}
