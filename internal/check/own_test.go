package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunnable has a module that needs Ansible itself refused before the run.
func TestRunnable(t *testing.T) {
	for text, want := range map[string]string{
		"#!/bin/sh\necho '{}'\n": "",
		"#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n": "the module own is written in Python on top of ansible.module_utils",
	} {
		file := filepath.Join(t.TempDir(), "own")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		err := runnable("own", file)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
