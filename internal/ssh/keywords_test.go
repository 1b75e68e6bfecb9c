package ssh

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestKeywordsAreDocumented: the page for those who know Ansible lists them all, and no other.
func TestKeywordsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/ansible.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(page), "`Include`, and ")
	list, _, _ = strings.Cut(list, ".")
	var named []string
	for _, m := range regexp.MustCompile("`([A-Za-z]+)`").FindAllStringSubmatch(list, -1) {
		named = append(named, m[1])
	}
	if !slices.Equal(named, Keywords()) {
		t.Errorf("docs/ansible.md has %q\nwant %q", named, Keywords())
	}
}

func TestConfigFileHasToBeThere(t *testing.T) {
	_, err := (&Dialer{Home: t.TempDir()}).resolve(Options{Host: "h", ConfigFile: "~/gone"})
	if err == nil || !strings.Contains(err.Error(), "gone: there is no such ssh_config") {
		t.Errorf("got %v", err)
	}
}
