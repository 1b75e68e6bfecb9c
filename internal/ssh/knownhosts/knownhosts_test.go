package knownhosts

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// signer returns the same key for the same name.
func signer(t testing.TB, name string) ssh.Signer {
	seed := sha256.Sum256([]byte(name))
	s, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func key(t testing.TB, name string) ssh.PublicKey { return signer(t, name).PublicKey() }

// written returns a file in which KEY(name) stands for a key and HASH(name) for a
// hashed name.
func written(t testing.TB, text string) string {
	for _, name := range []string{"a", "b", "ca"} {
		text = strings.ReplaceAll(text, "KEY("+name+")", strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key(t, name)))))
	}
	for {
		before, rest, ok := strings.Cut(text, "HASH(")
		if !ok {
			break
		}
		name, after, _ := strings.Cut(rest, ")")
		text = before + Hash(name) + after
	}
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func db(t testing.TB, text string) *DB {
	db, err := Read(written(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

const fleet = `# a comment
web1,WEB2,10.0.0.1 KEY(a) joe@desk
  [web1]:2222 KEY(b)
*.example.com,!bad.example.com KEY(a)
db? KEY(b)
HASH(hidden) KEY(a)
HASH([hidden]:2222) KEY(b)
both KEY(a)
both KEY(b)
@cert-authority *.ca.example.com KEY(ca)
@revoked web9,lost.example.com KEY(a)
::1 KEY(a)
[::1]:2222 KEY(b)
any* KEY(a)
HASH(Mixed) KEY(a)
`

func TestCheck(t *testing.T) {
	db := db(t, fleet)
	for _, test := range []struct{ addr, key, want string }{
		{"web1:22", "a", "ok"},
		{"web2:22", "a", "ok"},
		{"Web1:22", "a", "ok"},
		{"10.0.0.1:22", "a", "ok"},
		{"web1:22", "b", "changed :2"},
		{"web1:2222", "b", "ok"},
		{"web1:2222", "a", "changed :3"},
		{"web1:23", "a", "ok"},      // known at port 22
		{"web1:23", "b", "unknown"}, // which says nothing about other ports
		{"x.example.com:22", "a", "ok"},
		{"x.example.com:22", "b", "changed :4"},
		{"bad.example.com:22", "a", "unknown"},
		{"db1:22", "b", "ok"},
		{"db12:22", "b", "unknown"},
		{"hidden:22", "a", "ok"},
		{"hidden:22", "b", "changed :6"},
		{"hidden:2222", "b", "ok"},
		{"mixed:22", "a", "ok"},
		{"both:22", "a", "ok"},
		{"both:22", "b", "ok"},
		{"both:22", "ca", "changed :8"},
		{"web9:22", "a", "revoked :11"},
		{"web9:2222", "a", "revoked :11"},
		{"web9:22", "b", "unknown"},
		{"lost.example.com:22", "a", "revoked :11"},
		{"[::1]:22", "a", "ok"},
		{"[::1]:2222", "b", "ok"},
		{"anything:22", "a", "ok"},
		{"x.ca.example.com:22", "ca", "changed :4"}, // an authority's key is no host's
		{"nobody:22", "a", "unknown"},
	} {
		for range 2 { // the second time from what was found
			if got := verdict(db.Check(test.addr, key(t, test.key))); got != test.want {
				t.Errorf("%s with key %s: %s, want %s", test.addr, test.key, got, test.want)
			}
		}
	}
}

func verdict(err error) string {
	var changed *ChangedError
	var revoked *RevokedError
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrUnknown):
		return "unknown"
	case errors.As(err, &changed):
		return fmt.Sprintf("changed :%d", changed.Want[0].Line)
	case errors.As(err, &revoked):
		return fmt.Sprintf("revoked :%d", revoked.Entry.Line)
	}
	return err.Error()
}

func TestCertificates(t *testing.T) {
	const lines = "@cert-authority *.eu,[*.eu]:2222 KEY(ca)\nplain.eu KEY(a)\n@revoked gone.eu KEY(ca)\n"
	certificate := func(by string, kind uint32, principals ...string) ssh.PublicKey {
		c := &ssh.Certificate{Key: key(t, "a"), CertType: kind, ValidPrincipals: principals, ValidBefore: ssh.CertTimeInfinity}
		if err := c.SignCert(rand.Reader, signer(t, by)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, test := range []struct {
		addr string
		cert ssh.PublicKey
		want string
	}{
		{"x.eu:22", certificate("ca", ssh.HostCert, "x.eu"), "ok"},
		{"x.eu:2222", certificate("ca", ssh.HostCert, "x.eu"), "ok"},
		{"x.eu:22", certificate("ca", ssh.HostCert, "y.eu"), `principal "x.eu"`},
		{"x.eu:22", certificate("ca", ssh.UserCert, "x.eu"), "not one for hosts"},
		{"x.eu:22", certificate("b", ssh.HostCert, "x.eu"), "no known authority"},
		{"x.com:22", certificate("ca", ssh.HostCert, "x.com"), "no known authority"},
		{"plain.eu:22", certificate("b", ssh.HostCert, "plain.eu"), "ok"}, // the key itself is known
		{"gone.eu:22", certificate("ca", ssh.HostCert, "gone.eu"), "revoked :3"},
	} {
		if got := verdict(db(t, lines).Check(test.addr, test.cert)); !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", test.addr, got, test.want)
		}
	}
}

func TestAlgorithms(t *testing.T) {
	db := db(t, "web1 KEY(a)\n@cert-authority *.eu KEY(ca)\nweb1.eu KEY(a)\n@revoked web2 KEY(b)\n")
	unknown := []string{"x", ssh.KeyAlgoED25519}
	certs := strings.Join(certificates, " ") + " "
	for addr, want := range map[string]string{
		"web1:22":    "ssh-ed25519",
		"web1:2222":  "ssh-ed25519 x",
		"web1.eu:22": certs + "ssh-ed25519",
		"web2.eu:22": certs + "x ssh-ed25519",
		"web2:22":    "x ssh-ed25519",
		"nobody:22":  "x ssh-ed25519",
	} {
		if got := strings.Join(db.Algorithms(addr, unknown), " "); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		"web1 what\n":                        ":1: a line is: names, type of the key, key",
		"\n\nweb1 ssh-ed25519 A-A\n":         ":3: the key is not base64",
		"web1 ssh-rsa " + key64(t) + "\n":    `:1: the key is of the type "ssh-ed25519", and the line says "ssh-rsa"`,
		"@good web1 KEY(a)\n":                `:1: unknown marker "@good"`,
		"|1|AAAA KEY(a)\n":                   ":1: a hashed name is not |1|salt|hash",
		"|1|AAAA|AAAA KEY(a)\n":              "another length than SHA-1's",
		"|2|AAAA|AAAA KEY(a)\n":              ":1: a hashed name is not |1|salt|hash",
		"web1 ssh-ed25519 AAAA////\nx y z\n": "the key is of the type \"\"",
	} {
		if _, err := Read(written(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func key64(t *testing.T) string { return strings.Fields(Line("x", key(t, "a")))[2] }

// A kind of key that is not supported is not this host's only one.
func TestUnsupportedKey(t *testing.T) {
	db := db(t, "web1 new-kind AAAACG5ldy1raW5k\nweb1 KEY(a)\n")
	if got := verdict(db.Check("web1:22", key(t, "a"))); got != "ok" {
		t.Error(got)
	}
	if got := verdict(db.Check("web1:22", key(t, "b"))); got != "changed :2" {
		t.Error(got)
	}
}

func TestAdd(t *testing.T) {
	file := written(t, "web1 KEY(a)")
	db, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := verdict(db.Check("web2:22", key(t, "a"))); got != "unknown" {
		t.Error(got)
	}
	db.Add(file, "WEB2", key(t, "b"))
	db.Add("other", "web3", key(t, "b"))
	for addr, want := range map[string]string{"web2:22": "changed :2", "web3:22": "changed :1", "web1:22": "ok"} {
		if got := verdict(db.Check(addr, key(t, "a"))); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// Every name's lines are those that ssh-keygen finds.
func TestAsOpenSSH(t *testing.T) {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	file := written(t, fleet)
	db, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web1", "WEB2", "[web1]:2222", "[web1]:23", "x.example.com", "bad.example.com", "db1", "db", "db12", "hidden",
		"[hidden]:2222", "both", "web9", "lost.example.com", "x.ca.example.com", "::1", "[::1]:2222", "any", "[anyone]:5", "mixed", "10.0.0.1", "nobody"} {
		out, _ := exec.Command("ssh-keygen", "-F", name, "-f", file).Output() // exit code 1: nothing was found
		var want, got []string
		for line := range strings.Lines(string(out)) {
			var n int
			if _, rest, ok := strings.Cut(line, "found: line "); ok {
				fmt.Sscan(rest, &n)
				want = append(want, fmt.Sprint(n))
			}
		}
		for _, e := range db.Lookup(name) {
			got = append(got, fmt.Sprint(e.Line))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: lines %s, and ssh-keygen has %s", name, got, want)
		}
	}
}

func TestGlobIsNotExponential(t *testing.T) {
	if glob(strings.Repeat("*a", 40)+"b", strings.Repeat("a", 200)) {
		t.Error("fits")
	}
}

func TestHashAllocatesNothing(t *testing.T) {
	var h hashed
	if n := testing.AllocsPerRun(100, func() { h.match("web0001.example.com") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(fleet)
	f.Add("@revoked * ssh-rsa AAAA\n|1|x|y a b\n")
	f.Fuzz(func(t *testing.T, text string) {
		db, err := Read(written(t, text))
		if err != nil {
			return
		}
		db.Lookup("web1")
		_ = db.Check("[::1]:2222", key(t, "a"))
	})
}

func BenchmarkCheck(b *testing.B) {
	for _, form := range []string{"web%d KEY(a)\n", "HASH(web%d) KEY(a)\n"} {
		var text strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&text, form, i)
		}
		file := written(b, text.String())
		known := key(b, "a")
		b.Run(strings.Fields(form)[0], func(b *testing.B) {
			db, err := Read(file)
			if err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				addr := fmt.Sprintf("web%d:22", i%10_000)
				db.Algorithms(addr, nil)
				if err := db.Check(addr, known); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
