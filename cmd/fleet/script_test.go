package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"fleet/internal/fleettest"
	"fleet/internal/helper"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect")

// The scripts run this program as fleet, as see and, where it was pushed to a
// host, as the helper.
func TestMain(m *testing.M) {
	fleettest.ServeHelper()
	testscript.Main(m, map[string]func(){
		"fleet": func() {
			a := newApp()
			a.helpers = &helper.Store{OnlyOwn: true}
			os.Exit(run(a, os.Args[1:]))
		},
		"see":   see,
		"tty":   tty,
		"shell": shell,
	})
}

// TestScript runs the scripts. Besides testscript's own commands they have the
// programs see and tty, and
//
//	hosts NAME... [KEY=VALUE...]   start a host of each name, add it to inventory.yaml
//	fake HOST PROGRAM FILE         put a script before the host's real program
//	hang HOST, resume HOST         stop answering, and answer again
//	drop HOST                      cut its connections
//	down HOST                      end its server: nothing listens any more
//	mute NAME [TEXT]               listen on a port, say TEXT, and nothing else
//	newkey FILE [PASSPHRASE]       make a private key
//	lock FILE PASSPHRASE           encrypt a private key
//	otherkey HOST FILE             make FILE know the host by another key
//	await FILE                     wait until the file has a line
//	gone FILE...                   the processes whose ids are in the files have ended
//
// The keys are password, sudo (the password it asks for), nokey, nosudo, fresh
// (no helper in its cache), noise, drop and sessions. Of a host web1 the variables
// web1_port, web1_home, web1_key and web1_fingerprint are set.
func TestScript(t *testing.T) {
	self, digest := ownProgram(t)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Deadline:      time.Now().Add(5 * time.Minute), // then fleet says where it hangs, which no timeout of go test does
		Setup: func(env *testscript.Env) error {
			env.Values["lab"] = &lab{work: env.WorkDir, self: self, digest: digest, hosts: map[string]*fleettest.Server{}}
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("LC_ALL", "C.UTF-8")
			env.Setenv("ANSIBLE_CONFIG", os.DevNull) // not the machine's own settings
			return setUpHome(filepath.Join(env.WorkDir, "home"))
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"hosts":    func(ts *testscript.TestScript, _ bool, args []string) { theLab(ts).start(ts, args) },
			"fake":     fake,
			"hang":     func(ts *testscript.TestScript, _ bool, args []string) { theLab(ts).host(ts, args).Hang() },
			"resume":   func(ts *testscript.TestScript, _ bool, args []string) { theLab(ts).host(ts, args).Resume() },
			"drop":     func(ts *testscript.TestScript, _ bool, args []string) { theLab(ts).host(ts, args).Drop() },
			"down":     func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(theLab(ts).host(ts, args).Close()) },
			"mute":     mute,
			"newkey":   newKey,
			"lock":     lockKey,
			"otherkey": otherKey,
			"await":    await,
			"gone":     gone,
		},
	})
}

// setUpHome makes the operator's home. What the machine's own ssh_config says of
// known_hosts does not count there, and a dead host is known as one soon.
func setUpHome(home string) error {
	dir := filepath.Join(home, ".ssh")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	config := "HashKnownHosts no\nGlobalKnownHostsFile none\nServerAliveInterval 1\nServerAliveCountMax 2\n"
	return os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600)
}

// ownProgram returns this program's file and its digest.
func ownProgram(t *testing.T) (file, digest string) {
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return file, hex.EncodeToString(h.Sum(nil))
}

func fake(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: fake HOST PROGRAM FILE")
	}
	ts.Check(theLab(ts).host(ts, args).Fake(args[1], ts.ReadFile(args[2])))
}

// mute starts something that is no SSH server.
func mute(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	var conns sync.WaitGroup
	ended := make(chan struct{})
	ts.Defer(func() { l.Close(); close(ended); conns.Wait() })
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				if len(args) > 1 {
					fmt.Fprintf(conn, "%s\r\n\r\n", args[1])
					return
				}
				<-ended
			})
		}
	})
	ts.Setenv(args[0]+"_port", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

func newKey(ts *testscript.TestScript, _ bool, args []string) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	block, err := ssh.MarshalPrivateKey(private, "")
	if len(args) > 1 {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(args[1]))
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	ts.Check(err)
	ts.Setenv(args[0]+"_fingerprint", ssh.FingerprintSHA256(signer.PublicKey()))
}

func lockKey(ts *testscript.TestScript, _ bool, args []string) {
	private, err := ssh.ParseRawPrivateKey([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(args[1]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(block), 0o600))
}

func otherKey(ts *testscript.TestScript, _ bool, args []string) {
	s := theLab(ts).host(ts, args)
	key, err := fleettest.NewKey("")
	ts.Check(err)
	line := "\n" + knownhosts.Line([]string{s.Addr}, key.PublicKey()) + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(line), 0o600))
	ts.Setenv("other_fingerprint", ssh.FingerprintSHA256(key.PublicKey()))
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	for range 10_000 {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.HasSuffix(string(data), "\n") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s has not come", args[0])
}

func gone(ts *testscript.TestScript, _ bool, args []string) {
	for _, file := range args {
		pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(file)))
		ts.Check(err)
		for tries := 0; syscall.Kill(pid, 0) == nil; tries++ {
			if tries == 3000 {
				ts.Fatalf("process %d of %s still runs", pid, file)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}
