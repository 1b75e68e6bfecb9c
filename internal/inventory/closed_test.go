package inventory

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"fleet/internal/source"
)

// TestClosed: a file of variables that no password opens is the matter of its
// group's hosts, not of the others.
func TestClosed(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"hosts":               "[dev]\nd\n[prod]\np\n",
		"group_vars/prod.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inv, err := Load(filepath.Join(dir, "hosts"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inv.Layers("d", ""); err != nil {
		t.Error(err)
	}
	if _, err := inv.Layers("p", ""); !errors.Is(err, source.ErrNoVaultPassword) {
		t.Errorf("the closed group's host: %v", err)
	}
}
