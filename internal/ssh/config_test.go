package ssh

import (
	"cmp"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const userConfig = `
# the first value wins
Include conf.d/*.conf
Host gate
	HostName gate.example.com
	Port=2222
	User "the admin"
	IdentityFile ~/.ssh/gate_%r
	IdentityFile %d/second

Host *.eu !old.eu
	ProxyJump gate,inner
	StrictHostKeyChecking yes
	UserKnownHostsFile ~/kh1 ~/kh2

Host web-?
	HostName %h.internal
	ServerAliveInterval 7
	ServerAliveCountMax 2
	ConnectTimeout 3
	HostKeyAlias webs
	IdentitiesOnly yes
	ProxyCommand nc "%h" %p # all of it

Match originalhost m1,m2 user deploy
	Port 41
Match host gate.example.com
	Port 42
Match !host m* exec "true"
	Port 43
Match final
	Port 44
Match all
	Compression yes

Host *
	Port 99
	IdentityAgent none
`

// included leaves a Host block open: what follows the Include is not part of it.
const included = "Host inc\n  User included\nHost other\n  User other\n"

func TestConfig(t *testing.T) {
	home := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write(".ssh/config", userConfig)
	write(".ssh/conf.d/a.conf", included)
	var warned []string
	d := &Dialer{Home: home, ConfigFiles: []string{file}, Warn: func(msg string) { warned = append(warned, msg) }}
	show := func(t *target) string {
		return strings.ReplaceAll(fmt.Sprintf("%s jump=%s proxy=%s check=%s alias=%s known=%s keys=%s only=%v alive=%s×%d timeout=%s",
			t, t.jump, t.proxyCommand, t.checking, t.keyAlias, strings.Join(t.knownHosts, ","), strings.Join(t.configKeys, ","),
			t.identitiesOnly, t.keepAlive, t.misses, t.timeout), home, "~")
	}
	const known, keys = "known=~/.ssh/known_hosts,~/.ssh/known_hosts2", "keys=~/.ssh/id_rsa,~/.ssh/id_ecdsa,~/.ssh/id_ecdsa_sk,~/.ssh/id_ed25519,~/.ssh/id_ed25519_sk"
	const rest = "only=false alive=5s×3 timeout=10s"
	for name, test := range map[string]struct {
		o    Options
		want string
	}{
		"host":     {Options{Host: "gate"}, "the admin@gate.example.com:2222 jump= proxy= check=accept-new alias= " + known + " keys=~/.ssh/gate_the admin,~/second " + rest},
		"pattern":  {Options{Host: "a.eu", User: "u"}, "u@a.eu:99 jump=gate,inner proxy= check=strict alias= known=~/kh1,~/kh2 " + keys + " " + rest},
		"negated":  {Options{Host: "old.eu", User: "u"}, "u@old.eu:99 jump= proxy= check=accept-new alias= " + known + " " + keys + " " + rest},
		"tokens":   {Options{Host: "web-1", User: "u"}, `u@web-1.internal:99 jump= proxy=nc "web-1.internal" 99 # all of it check=accept-new alias=webs ` + known + " " + keys + " only=true alive=7s×2 timeout=3s"},
		"one sign": {Options{Host: "web-", User: "u"}, "u@web-:99 jump= proxy= check=accept-new alias= " + known + " " + keys + " " + rest},
		"include":  {Options{Host: "inc"}, "included@inc:99 jump= proxy= check=accept-new alias= " + known + " " + keys + " " + rest},
		"match":    {Options{Host: "m2", User: "deploy"}, "deploy@m2:41 jump= proxy= check=accept-new alias= " + known + " " + keys + " " + rest},
		"no match": {Options{Host: "m2", User: "u"}, "u@m2:99 jump= proxy= check=accept-new alias= " + known + " " + keys + " " + rest},
		"options": {Options{Host: "web-1", User: "u", Port: 1, KeyFiles: []string{"~/k"}, KnownHosts: []string{"~/kh"}, HostKeyChecking: Off,
			ConnectTimeout: time.Second, KeepAlive: time.Minute, KeepAliveMisses: 9, ProxyJump: "j"},
			"u@web-1.internal:1 jump=j proxy= check=off alias=webs known=~/kh keys= only=true alive=1m0s×9 timeout=1s"},
		"lines": {Options{Host: "web-1", User: "u", Config: []string{"identitiesonly no", "HostKeyAlias other", "Port 7"}},
			`u@web-1.internal:7 jump= proxy=nc "web-1.internal" 7 # all of it check=accept-new alias=other ` + known + " " + keys + " only=false alive=7s×2 timeout=3s"},
		"file": {Options{Host: "inc", ConfigFile: "~/.ssh/conf.d/a.conf"}, "included@inc jump= proxy= check=accept-new alias= " + known + " " + keys + " " + rest},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := d.resolve(test.o)
			if err != nil || show(got) != test.want {
				t.Errorf("got  %s, %v\nwant %s", show(cmp.Or(got, &target{})), err, test.want)
			}
			if got != nil && got.agent != "" {
				t.Errorf("the agent is %q", got.agent)
			}
		})
	}
	if want := []string{file + ":29: fleet does not know Match exec: the block is ignored"}; !reflect.DeepEqual(warned, want) {
		t.Errorf("warned %q, want %q", warned, want)
	}
}

func TestConfigErrors(t *testing.T) {
	for text, want := range map[string]string{
		"Port many":        `:1: port is "many", not a whole number from 1 to 65535`,
		"Port 0":           `:1: port is "0", not a whole number from 1 to 65535`,
		"\nUser":           `:2: "User" has no value`,
		`User "half`:       ":1: a quote is not closed",
		"Include config":   ": more than 16 files include each other",
		"Include [":        "Include",
		"ConnectTimeout x": "connecttimeout is",
	} {
		home := t.TempDir()
		file := filepath.Join(home, ".ssh", "config")
		if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := (&Dialer{Home: home}).Dial(t.Context(), Options{Host: "x"})
		if err == nil || !strings.Contains(err.Error(), want) || reasonOf(err) != Setup {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestUnreadableConfig(t *testing.T) {
	dir := t.TempDir()
	_, err := (&Dialer{Home: dir, ConfigFiles: []string{dir}}).resolve(Options{Host: "x"})
	if err == nil || !strings.Contains(err.Error(), dir+": cannot read: is a directory") {
		t.Errorf("got %v", err)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(userConfig)
	f.Add(`Match host "a b" !user c` + "\nPort=\"1\"")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") {
			return // it must not read this machine's files
		}
		file := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := &Dialer{Home: t.TempDir(), ConfigFiles: []string{file}}
		if target, err := d.resolve(Options{Host: "web"}); err == nil && (target.port < 1 || target.port > 65535) {
			t.Fatalf("port %d", target.port)
		}
	})
}

// Without HOME the home folder is the one that the machine knows for the user.
func TestHome(t *testing.T) {
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", "")
	if got := (&Dialer{}).home(); got != u.HomeDir {
		t.Errorf("got %q, want %q", got, u.HomeDir)
	}
	t.Setenv("HOME", "/elsewhere")
	if got := (&Dialer{}).home(); got != "/elsewhere" {
		t.Errorf("got %q, want /elsewhere", got)
	}
}
