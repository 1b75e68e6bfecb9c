package vault

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/source"
)

func TestRing(t *testing.T) {
	var hidden []string
	r := &Ring{Secrets: []Secret{{"a", []byte("one")}, {DefaultID, []byte("two")}}, Hide: func(s string) { hidden = append(hidden, s) }}
	text, err := r.Encrypt([]byte("plain"), "a")
	if err != nil || !strings.HasPrefix(text, "$ANSIBLE_VAULT;1.2;AES256;a\n") {
		t.Fatalf("%q, %v", text, err)
	}
	if _, err := r.Encrypt(nil, ""); err == nil || source.HintOf(err) != "say which to encrypt with: --encrypt-vault-id ID" {
		t.Errorf("two passwords, and none is named: %v", err)
	}
	for _, hide := range []bool{false, true} {
		if plain, err := r.Decrypt(text, hide); err != nil || string(plain) != "plain" {
			t.Errorf("%q, %v", plain, err)
		}
	}
	if len(hidden) != 1 || hidden[0] != "plain" {
		t.Errorf("hidden: %q", hidden)
	}
	other := &Ring{Secrets: []Secret{{"b", []byte("one")}}}
	if plain, err := other.Decrypt(text, false); err != nil || string(plain) != "plain" {
		t.Errorf("the right password under another id: %q, %v", plain, err)
	}
	other.Match = true
	if _, err := other.Decrypt(text, false); err == nil || !strings.Contains(err.Error(), `no vault password with the id "a"`) {
		t.Errorf("with vault_id_match: %v", err)
	}
	if _, err := (&Ring{}).Decrypt(text, false); err == nil || source.HintOf(err) != source.VaultHint {
		t.Errorf("no password: %v", err)
	}
}

func TestFill(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string, mode os.FileMode) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	inner, err := (&Ring{Secrets: []Secret{{DefaultID, []byte("one")}}}).Encrypt([]byte("three\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	var warned, asked []string
	r := &Ring{}
	err = r.Fill(context.Background(), Sources{
		IDs: []string{
			put("plain", " one \n", 0o600), "s@" + put("script", "#!/bin/sh\necho two; echo $# >&2\n", 0o700),
			"c@" + put("x-client.sh", "#!/bin/sh\necho for $2\n", 0o700), "none@" + filepath.Join(dir, "none"), "e@" + put("empty", "\n", 0o600), "p@prompt",
		},
		Files: []string{put("sealed", inner, 0o600)}, Ask: true,
		Prompt: func(_ context.Context, text string) (string, error) { asked = append(asked, text); return "typed", nil },
		Warn:   func(text string) { warned = append(warned, text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range r.Secrets {
		got = append(got, s.ID+"="+string(s.Password))
	}
	if want := "default=one s=two c=for c p=typed default=three default=typed"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, " "), want)
	}
	if want := "Vault password (p): Vault password: "; strings.Join(asked, "") != want {
		t.Errorf("asked %q", asked)
	}
	if len(warned) != 2 || !strings.Contains(warned[0], "no such file") || !strings.Contains(warned[1], "is empty") {
		t.Errorf("warned %q", warned)
	}
	if err := (&Ring{}).Fill(context.Background(), Sources{Files: []string{dir}}); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a folder: %v", err)
	}
	answers := []string{"one", "other"}
	err = (&Ring{}).Fill(context.Background(), Sources{Ask: true, New: true, Prompt: func(context.Context, string) (string, error) {
		next := answers[0]
		answers = answers[1:]
		return next, nil
	}})
	if err == nil || !strings.Contains(err.Error(), "differ") {
		t.Errorf("two answers: %v", err)
	}
	err = (&Ring{}).Fill(context.Background(), Sources{Ask: true, Prompt: func(context.Context, string) (string, error) { return "", errors.New("gone") }})
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("no answer: %v", err)
	}
}

func TestWriteKeepsModeAndLink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "f"), filepath.Join(dir, "l")
	if err := errors.Join(os.WriteFile(file, []byte("a"), 0o640), os.Chmod(file, 0o640), os.Symlink("f", link)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Write(link, []byte("b")), Write(filepath.Join(dir, "new"), nil)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link: %v, %v", info, err)
	}
	data, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(data, []byte("b")) {
		t.Errorf("%q, %v", data, err)
	}
	for name, want := range map[string]os.FileMode{"f": 0o640, "new": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}
