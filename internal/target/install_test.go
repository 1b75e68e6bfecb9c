package target

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestClearUp(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	for i, name := range []string{"fleet-target-1", "fleet-target-2", ".fleet-target-3", "fleet-target-4", "other", "fleet-target-5", ".fleet-target-6", "fleet-target-7"} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o700); err != nil {
			t.Fatal(err)
		}
		old := now.Add(-time.Duration(i) * 30 * time.Minute)
		if err := os.Chtimes(file, old, old); err != nil {
			t.Fatal(err)
		}
	}
	clearUp(dir, now)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := []string{".fleet-target-3", "fleet-target-1", "fleet-target-2", "fleet-target-4", "fleet-target-5", "other"}
	if !slices.Equal(left, want) {
		t.Errorf("left: %s", fmt.Sprint(left))
	}
}
