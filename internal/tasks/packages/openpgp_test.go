package packages

import (
	"os"
	"testing"
)

func TestReadKeys(t *testing.T) {
	for file, want := range map[string][]string{
		"testdata/keys/test.asc": {"C523F467CF60A8858D19AED52DE2AD0761F4AA7F"},
		"testdata/keys/both.gpg": {"C523F467CF60A8858D19AED52DE2AD0761F4AA7F", "7EC6DA2712F766A78625E03B8AD69F86592764F0"},
	} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := readKeys(data)
		if err != nil || len(keys) != len(want) {
			t.Fatalf("%s: %d keys, %v", file, len(keys), err)
		}
		for i, key := range keys {
			if key.Fingerprints[0] != want[i] {
				t.Errorf("%s: got %s, want %s", file, key.Fingerprints[0], want[i])
			}
			if !key.matches("0x"+want[i][24:]) || key.matches("FFFFFFFF") || key.matches("") {
				t.Errorf("%s: the id does not match as it should", file)
			}
		}
	}
	for _, bad := range []string{"", "<html>", armorStart, armorStart + "\n\n!!!\n-----END PGP", "\x98"} {
		if _, err := readKeys([]byte(bad)); err == nil {
			t.Errorf("%q was taken for a key", bad)
		}
	}
}

func FuzzReadKeys(f *testing.F) {
	for _, file := range []string{"testdata/keys/test.asc", "testdata/keys/both.gpg"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := readKeys(data)
		for _, key := range keys {
			if err == nil && len(key.Fingerprints) == 0 {
				t.Error("a key without a fingerprint")
			}
		}
	})
}
