package packages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// AptKey adds keys that apt trusts, or removes them. It needs no gnupg. A key
// in trusted.gpg.d is trusted for all repositories: a key file that only its
// repository names (signed-by) is the better way.
//
// Example:
//
//	tasks:
//	  - name: Trust the key of the site's packages
//	    apt_key:
//	      url: https://packages.example.org/key.asc
var AptKey = sys.Define(spec.Module{
	Name:      "apt_key",
	Names:     []string{"ansible.builtin.apt_key", "ansible.legacy.apt_key"},
	OneOf:     [][]string{{"data", "file", "id", "keyserver", "url"}},
	Exclusive: [][]string{{"data", "file", "keyserver", "url"}},
}, aptKey)

type aptKeyArgs struct {
	// The end of the key's fingerprint: at least 8 hex digits, better all 40. It is
	// checked, and needed for state absent where no key is given.
	ID string `arg:"id"`
	// The key itself.
	Data string `arg:"data"`
	// A file of the machine that holds the key.
	File string `arg:"file" type:"path"`
	// An http or https address of the key.
	URL string `arg:"url"`
	// A key server to ask for the id.
	Keyserver string `arg:"keyserver"`
	// The file that the key goes to. The default is a file of its own in
	// /etc/apt/trusted.gpg.d.
	Keyring string `arg:"keyring" type:"path"`
	// Whether the server's certificate is checked, where the key is downloaded.
	ValidateCerts bool `arg:"validate_certs" default:"true"`
	// Whether the key should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
}

type aptKeyResult struct {
	// The long number of the key.
	KeyID string `json:"key_id,omitempty"`
	// Its fingerprint.
	Fingerprint string `json:"fp,omitempty"`
	// The file that holds the key.
	Keyring string `json:"keyring,omitempty"`
}

func aptKey(ctx context.Context, m *sys.Machine, a *aptKeyArgs) (any, error) {
	if a.Keyserver != "" && a.ID == "" {
		return nil, fmt.Errorf("argument %q needs %q", "keyserver", "id")
	}
	res := &aptKeyResult{}
	rings, err := keyrings(m, a.Keyring)
	if err != nil {
		return res, err
	}
	if a.ID != "" {
		if ring := holding(rings, a.ID); (ring != nil) == (a.State == "present") {
			if ring != nil {
				res.Keyring, res.KeyID = ring.path, strings.ToUpper(a.ID)
			}
			return res, nil
		}
		if a.State == "absent" {
			return res, dropKey(ctx, m, rings, a.ID)
		}
	}
	keys, err := a.keys(ctx, m)
	if err != nil {
		return res, err
	}
	if a.ID != "" && !keys[0].matches(a.ID) {
		return res, fmt.Errorf("the key has the fingerprint %s, which does not end in %s", keys[0].Fingerprints[0], a.ID)
	}
	res.KeyID, res.Fingerprint = keys[0].id(), keys[0].Fingerprints[0]
	for _, key := range keys {
		if a.State == "absent" {
			err = dropKey(ctx, m, rings, key.Fingerprints[0])
		} else if ring := holding(rings, key.Fingerprints[0]); ring != nil {
			res.Keyring = ring.path
		} else {
			res.Keyring, err = addKey(ctx, m, a.Keyring, key)
		}
		if err != nil {
			return res, err
		}
	}
	return res, nil
}

// keys returns the keys that the arguments give.
func (a *aptKeyArgs) keys(ctx context.Context, m *sys.Machine) ([]pgpKey, error) {
	var data []byte
	var err error
	from := "data"
	switch {
	case a.Data != "":
		data = []byte(a.Data)
	case a.File != "":
		from = a.File
		data, err = m.ReadFile(a.File)
	case a.URL != "":
		from = a.URL
		data, err = fetchKey(ctx, m, sys.Address{URL: a.URL, Unverified: !a.ValidateCerts})
	case a.Keyserver != "":
		from = keyserverURL(a.Keyserver, a.ID)
		data, err = fetchKey(ctx, m, sys.Address{URL: from, Unverified: !a.ValidateCerts})
	default:
		return nil, fmt.Errorf("key %q is not there, and none of data, file, keyserver and url says what it is", a.ID)
	}
	if err != nil {
		return nil, err
	}
	keys, err := readKeys(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return keys, nil
}

// keyserverURL is where a key server answers (the HTTP Keyserver Protocol).
func keyserverURL(server, id string) string {
	host := server
	for _, scheme := range []string{"hkps://", "https://", "hkp://", "http://"} {
		host = strings.TrimPrefix(host, scheme)
	}
	host = strings.TrimSuffix(strings.TrimSuffix(host, "/"), ":80")
	return "https://" + strings.TrimSuffix(host, ":11371") + "/pks/lookup?op=get&options=mr&search=0x" + strings.TrimPrefix(id, "0x")
}

// maxKey bounds a key that is downloaded, in bytes.
const maxKey = 8 << 20

func fetchKey(ctx context.Context, m *sys.Machine, a sys.Address) ([]byte, error) {
	body, err := m.Get(ctx, a)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxKey))
	if err != nil {
		return nil, fmt.Errorf("cannot download %s: %w", a.URL, err)
	}
	return data, nil
}

// keyring is a file of keys that apt trusts.
type keyring struct {
	path string
	keys []pgpKey
}

// keyrings reads the one file, or all that apt trusts. Files in another format
// (gnupg's keybox) are left out.
func keyrings(m *sys.Machine, only string) ([]keyring, error) {
	paths := []string{only}
	if only == "" {
		paths = []string{"/etc/apt/trusted.gpg"}
		for _, pattern := range []string{"*.gpg", "*.asc"} {
			files, _ := filepath.Glob(m.Path("/etc/apt/trusted.gpg.d/" + pattern))
			for _, file := range files {
				paths = append(paths, strings.TrimPrefix(file, m.Root))
			}
		}
	}
	var rings []keyring
	for _, path := range paths {
		data, err := m.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if keys, err := readKeys(data); err == nil {
			rings = append(rings, keyring{path, keys})
		}
	}
	return rings, nil
}

func holding(rings []keyring, id string) *keyring {
	for i := range rings {
		for _, key := range rings[i].keys {
			if key.matches(id) {
				return &rings[i]
			}
		}
	}
	return nil
}

// addKey puts a key behind those of its file.
func addKey(ctx context.Context, m *sys.Machine, ring string, key pgpKey) (string, error) {
	if ring == "" {
		ring = "/etc/apt/trusted.gpg.d/" + strings.ToLower(key.id()) + ".gpg"
	}
	var all []byte
	if old, err := m.ReadFile(ring); err == nil && len(old) > 0 {
		keys, err := readKeys(old)
		if err != nil {
			return ring, fmt.Errorf("%s: %w", ring, err)
		}
		for _, k := range keys {
			all = append(all, k.Packets...)
		}
	}
	all = append(all, key.Packets...)
	_, err := m.Write(ctx, sys.Write{Path: ring, Content: sys.Bytes(all), NewMode: 0o644})
	return ring, err
}

// dropKey takes a key out of all files, and removes those that become empty.
func dropKey(ctx context.Context, m *sys.Machine, rings []keyring, id string) error {
	for _, ring := range rings {
		var rest []byte
		for _, key := range ring.keys {
			if !key.matches(id) {
				rest = append(rest, key.Packets...)
			}
		}
		var err error
		switch {
		case holding([]keyring{ring}, id) == nil:
		case len(rest) == 0:
			err = m.Remove(ctx, ring.path)
		default:
			_, err = m.Write(ctx, sys.Write{Path: ring.path, Content: sys.Bytes(rest), NewMode: 0o644})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
