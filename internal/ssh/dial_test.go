package ssh

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"fleet/internal/fleettest"
	"fleet/internal/source"
)

func port(s *fleettest.Server) string { return strconv.Itoa(s.Port) }

func TestDialErrors(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{Password: "right"})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closedPort := closed.Addr().(*net.TCPAddr).Port
	closed.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := os.ReadFile(server.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other")
	if _, err := fleettest.NewKey(other); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*Options)
		reason Reason
		msg    string
		hint   string
	}{
		"refused": {func(o *Options) { o.Port = closedPort }, Refused, "connection refused: nothing listens on port", "check that sshd runs there"},
		"no name": {func(o *Options) { o.Host = "nosuchhost.invalid" }, NoName, `the name "nosuchhost.invalid" cannot be resolved`, "check ansible_host"},
		"silent": {func(o *Options) {
			o.Port = silent.Addr().(*net.TCPAddr).Port
			o.ConnectTimeout = 200 * time.Millisecond
		}, Timeout, "the login did not end within 200ms", "sshd hangs"},
		"wrong key":      {func(o *Options) { o.KeyFiles = []string{other} }, Auth, "the host refused the login: it did not take key " + other + " (ssh-ed25519 SHA256:", "ssh-copy-id -p " + port(server)},
		"wrong password": {func(o *Options) { o.KeyFiles = nil; o.Password = "wrong" }, Auth, "it did not take the given password", "check ansible_password"},
		"nothing":        {func(o *Options) { o.KeyFiles = nil }, Auth, "nothing was there to try", "-k asks for a password"},
		"other user":     {func(o *Options) { o.User = "root" }, Auth, "root@127.0.0.1:", ""},
		"missing key":    {func(o *Options) { o.KeyFiles = []string{dir + "/nokey"} }, Setup, dir + "/nokey: cannot read the private key: no such file or directory", ""},
		"open key":       {func(o *Options) { o.KeyFiles = []string{file("open", string(key), 0o644)} }, Setup, "the private key has mode 0644: others can read it", "chmod 600"},
		"not a key":      {func(o *Options) { o.KeyFiles = []string{file("text", "hello", 0o644)} }, Setup, "not a private key", ""},
		"public key":     {func(o *Options) { o.KeyFiles = []string{file("pub", "ssh-ed25519 AAAA", 0o644)} }, Setup, "not a private key", "without .pub"},
		"folder":         {func(o *Options) { o.KeyFiles = []string{dir} }, Setup, dir + ": cannot read the private key: is a directory", ""},
		"strict":         {func(o *Options) { o.HostKeyChecking = Strict }, HostKey, "the host's key ssh-ed25519 SHA256:", "accept-new"},
		"bad known":      {func(o *Options) { o.KnownHosts = []string{file("known", "127.0.0.1 what\n", 0o600)} }, Setup, "known:1:", "remove that line"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(server)
			test.change(&o)
			_, err := dialer(t).Dial(t.Context(), o)
			var e *Error
			if !errors.As(err, &e) || e.Reason != test.reason || !strings.Contains(err.Error(), test.msg) || !strings.Contains(source.HintOf(err), test.hint) {
				t.Errorf("got %v\nhint: %s", err, source.HintOf(err))
			}
		})
	}
}

func TestHostKeys(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	for _, hash := range []string{"no", "yes"} {
		d := dialer(t)
		config := filepath.Join(d.Home, "config")
		if err := os.WriteFile(config, []byte("HashKnownHosts "+hash+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		d.ConfigFiles = []string{config}
		dial(t, d, options(server))
		dial(t, d, options(server))
		known, err := os.ReadFile(filepath.Join(d.Home, ".ssh/known_hosts"))
		if err != nil || strings.Count(string(known), "\n") != 1 || strings.Contains(string(known), "127.0.0.1") == (hash == "yes") {
			t.Errorf("known_hosts is %q, %v", known, err)
		}
		o := options(server)
		o.HostKeyChecking = Strict
		dial(t, d, o)
	}
}

func TestChangedHostKey(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	d := dialer(t)
	old, err := fleettest.NewKey("")
	if err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(d.Home, "known")
	line := "# mine\n[127.0.0.1]:" + port(server) + " " + string(ssh.MarshalAuthorizedKey(old.PublicKey()))
	if err := os.WriteFile(known, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options(server)
	o.KnownHosts = []string{known}
	_, err = d.Dial(t.Context(), o)
	want := "tester@127.0.0.1:" + port(server) + ": the host's key has changed: it shows ssh-ed25519 " + ssh.FingerprintSHA256(server.HostKey.PublicKey()) +
		", and " + known + ":2 has ssh-ed25519 " + ssh.FingerprintSHA256(old.PublicKey())
	hint := `ssh-keygen -f "` + known + `" -R "[127.0.0.1]:` + port(server) + `"`
	if err == nil || err.Error() != want || !strings.Contains(source.HintOf(err), hint) {
		t.Errorf("got  %v\nwant %s\nhint: %s", err, want, source.HintOf(err))
	}
	o.HostKeyChecking = Off
	dial(t, d, o)
}

func TestHostAuthority(t *testing.T) {
	authority, err := fleettest.NewKey("")
	if err != nil {
		t.Fatal(err)
	}
	key, err := fleettest.NewKey("")
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: key.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{"127.0.0.1"}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewCertSigner(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server := fleettest.New(t, fleettest.Config{HostKey: signer})
	d := dialer(t)
	known := filepath.Join(d.Home, "known")
	if err := os.WriteFile(known, []byte("@cert-authority * "+string(ssh.MarshalAuthorizedKey(authority.PublicKey()))), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options(server)
	o.KnownHosts, o.HostKeyChecking = []string{known}, Strict
	dial(t, d, o)
}

func TestKeysAreRecordedTogether(t *testing.T) {
	fleet, err := fleettest.StartFleet(8, fleettest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fleet.Close() })
	d := dialer(t)
	var work sync.WaitGroup
	for _, s := range append(fleet, fleet...) {
		work.Go(func() {
			c, err := d.Dial(t.Context(), options(s))
			if err != nil {
				t.Error(err)
				return
			}
			c.Close()
		})
	}
	work.Wait()
	known, err := os.ReadFile(filepath.Join(d.Home, ".ssh/known_hosts"))
	if err != nil || strings.Count(string(known), "\n") != len(fleet) {
		t.Errorf("%d lines for %d hosts, %v", strings.Count(string(known), "\n"), len(fleet), err)
	}
}

func TestPassphraseIsAskedOnce(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	data, err := os.ReadFile(server.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ssh.ParseRawPrivateKey(data)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(raw, "", []byte("sesame"))
	if err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(t.TempDir(), "locked")
	if err := os.WriteFile(locked, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options(server)
	o.KeyFiles = []string{locked}
	if _, err := dialer(t).Dial(t.Context(), o); err == nil || !strings.Contains(err.Error(), "nobody can be asked for its passphrase") ||
		source.HintOf(err) != "ssh-add "+locked {
		t.Errorf("with nobody to ask: %v\nhint: %s", err, source.HintOf(err))
	}
	given := o
	given.Passphrase = "sesame"
	dial(t, dialer(t), given)
	given.Passphrase = "barley"
	if _, err := dialer(t).Dial(t.Context(), given); err == nil || !strings.Contains(err.Error(), "wrong passphrase") ||
		source.HintOf(err) != "check ansible_ssh_private_key_passphrase" {
		t.Errorf("with a wrong passphrase given: %v\nhint: %s", err, source.HintOf(err))
	}
	for _, test := range []struct {
		answer, err string
		asked       int
	}{{"sesame", "", 1}, {"barley", "wrong passphrase for the private key", 3}} {
		d, asked := dialer(t), 0
		d.Passphrase = func(_ context.Context, file string) (string, error) {
			asked++
			return test.answer, nil
		}
		for range 2 {
			c, err := d.Dial(t.Context(), o)
			if err == nil {
				c.Close()
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v", test.answer, err)
			}
		}
		if asked != test.asked {
			t.Errorf("%s: asked %d times", test.answer, asked)
		}
	}
}

// A key that the host takes and that cannot be decrypted does not keep the others
// from being tried, and is named where none of them lets in.
func TestLockedKeyIsLeftOut(t *testing.T) {
	locked := filepath.Join(t.TempDir(), "locked")
	public := lockedKey(t, locked, "sesame")
	server := fleettest.New(t, fleettest.Config{OtherKeys: []ssh.PublicKey{public}, Password: "right"})
	o := options(server)
	o.KeyFiles = []string{locked, server.KeyFile}
	d := dialer(t)
	dial(t, d, o)
	dial(t, d, o)
	if server.Connections() != 3 {
		t.Errorf("%d connections, want one more than logins", server.Connections())
	}
	o.KeyFiles = []string{locked}
	o.Password = "right"
	dial(t, dialer(t), o)
	stranger := filepath.Join(t.TempDir(), "stranger")
	lockedKey(t, stranger, "")
	o.Password = ""
	o.KeyFiles = []string{locked, stranger}
	_, err := dialer(t).Dial(t.Context(), o)
	if want := "it did not take key " + stranger; err == nil || !strings.Contains(err.Error(), want) ||
		!strings.Contains(err.Error(), "; not used: "+locked+": the private key is encrypted, and nobody can be asked for its passphrase") ||
		source.HintOf(err) != "ssh-add "+locked {
		t.Errorf("%v\nhint: %s", err, source.HintOf(err))
	}
}

// A wrong passphrase for one host is no reason not to take the right one of
// another.
func TestPassphraseOfEachHost(t *testing.T) {
	locked := filepath.Join(t.TempDir(), "locked")
	public := lockedKey(t, locked, "sesame")
	server := fleettest.New(t, fleettest.Config{OtherKeys: []ssh.PublicKey{public}})
	o, d := options(server), dialer(t)
	o.KeyFiles, o.Passphrase = []string{locked}, "barley"
	if _, err := d.Dial(t.Context(), o); err == nil || !strings.Contains(err.Error(), "wrong passphrase") {
		t.Errorf("got %v", err)
	}
	o.Passphrase = "sesame"
	dial(t, d, o)
}

// lockedKey makes a key, encrypted unless the passphrase is empty, and returns
// its public half.
func lockedKey(t *testing.T, file, passphrase string) ssh.PublicKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey()
}

func TestPasswordIsAskedOnce(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{Password: "right", NoKey: true})
	d := dialer(t)
	asked := 0
	d.Password = func(_ context.Context, prompt string) (string, error) {
		asked++
		if want := "tester@127.0.0.1:" + port(server) + "'s password: "; prompt != want {
			t.Errorf("the prompt is %q", prompt)
		}
		if asked == 1 {
			return "wrong", nil
		}
		return "right", nil
	}
	o := options(server)
	o.KeyFiles = nil
	dial(t, d, o)
	dial(t, d, o)
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

func TestDialIsCancelled(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	server.Hang()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := dialer(t).Dial(ctx, options(server)); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}
