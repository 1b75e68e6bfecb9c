package packages

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// RpmKey adds keys that rpm trusts, or removes them.
//
// Example:
//
//	tasks:
//	  - name: Trust Docker's key
//	    rpm_key:
//	      key: https://download.docker.com/linux/centos/gpg
var RpmKey = sys.Define(spec.Module{
	Name:  "rpm_key",
	Names: []string{"ansible.builtin.rpm_key", "ansible.legacy.rpm_key"},
	Gets:  []string{"key"},
}, rpmKey)

type rpmKeyArgs struct {
	// The key: an http or https address, a file of the machine, or, with state
	// absent, the end of its fingerprint.
	Key string `arg:"key,required"`
	// Whether the server's certificate is checked, where the key is downloaded.
	ValidateCerts bool `arg:"validate_certs" default:"true"`
	// Whether the key should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The fingerprints that the key may have. Another one is a failure.
	Fingerprint []string `arg:"fingerprint"`
}

type rpmKeyResult struct {
	// The last 8 digits of the keys' fingerprints.
	Keys []string `json:"keys"`
}

var keyID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(0[xX])?[0-9a-fA-F]{8,40}$`) })

func rpmKey(ctx context.Context, m *sys.Machine, a *rpmKeyArgs) (any, error) {
	res := &rpmKeyResult{Keys: []string{}}
	if !m.Has("rpm") {
		return res, errors.New("this machine has no rpm; apt_key and deb822_repository are for Debian and its relatives")
	}
	file := a.Key
	var ids []string
	switch {
	case keyID().MatchString(a.Key) && a.State == "absent":
		ids = []string{shortID(a.Key)}
	case keyID().MatchString(a.Key):
		return res, fmt.Errorf("key %q is a number; give the address or the file of the key", a.Key)
	default:
		if isURL(a.Key) {
			temp, err := download(ctx, m, sys.Address{URL: a.Key, Unverified: !a.ValidateCerts}, "*.key")
			if err != nil {
				return res, err
			}
			defer os.Remove(temp)
			file = temp
		}
		keys, err := a.read(m, file)
		if err != nil {
			return res, err
		}
		for _, key := range keys {
			ids = append(ids, shortID(key.Fingerprints[0]))
		}
	}
	res.Keys = ids
	return res, a.bring(ctx, m, file, ids)
}

// shortID is what rpm calls a key.
func shortID(id string) string { return strings.ToLower(id[len(id)-8:]) }

func (a *rpmKeyArgs) read(m *sys.Machine, file string) ([]pgpKey, error) {
	path := file
	if !isURL(a.Key) {
		path = m.Path(file)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := readKeys(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Key, err)
	}
	for _, want := range words(a.Fingerprint) {
		if keys[0].matches(want) {
			return keys, nil
		}
	}
	if len(words(a.Fingerprint)) > 0 {
		return nil, fmt.Errorf("%s: the key has the fingerprint %s, which is none of the expected ones", a.Key, keys[0].Fingerprints[0])
	}
	return keys, nil
}

// bring imports or erases what has to be. rpm keeps each key as a package whose
// version is the key's short number.
func (a *rpmKeyArgs) bring(ctx context.Context, m *sys.Machine, file string, ids []string) error {
	var there, lack []string
	for _, id := range ids {
		out, err := m.Run(ctx, sys.Command{Argv: []string{"rpm", "-q", "gpg-pubkey-" + id}, Env: []string{"LC_ALL=C"}})
		if err != nil {
			return err
		}
		if out.Code == 0 {
			there = append(there, id)
		} else {
			lack = append(lack, id)
		}
	}
	run := func(argv ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := m.Must(ctx, argv...)
			return err
		}
	}
	switch {
	case a.State == "present" && len(lack) > 0:
		return m.Change(ctx, sys.Change{What: "import key " + strings.Join(lack, ", "), Do: run("rpm", "--import", file)})
	case a.State == "absent" && len(there) > 0:
		for i := range there {
			there[i] = "gpg-pubkey-" + there[i]
		}
		return m.Change(ctx, sys.Change{What: "remove key " + strings.Join(there, ", "),
			Do: run(append([]string{"rpm", "--erase", "--allmatches"}, there...)...)})
	}
	return nil
}
