package engine_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/catalog"
	"fleet/internal/engine"
	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/redact"
	"fleet/internal/report"
	"fleet/internal/source"
	"fleet/internal/target"
	"fleet/internal/tasks"
	"fleet/internal/tasks/sys"
	"fleet/internal/vars"
	"fleet/internal/wire"
)

// TestMain serves as the helper where a job begins a process of it.
func TestMain(m *testing.M) {
	if args := os.Args[1:]; len(args) > 0 && args[0] == target.Verb {
		os.Exit(target.Main(args, target.Program{Find: tasks.Find, Web: tasks.Web}))
	}
	os.Exit(m.Run())
}

var update = flag.Bool("update", false, "rewrite what the tests expect")

// inProcess runs modules in this process, for hosts whose names do not start
// with "down".
type inProcess struct{}

func (inProcess) Dial(_ context.Context, to engine.Endpoint) (engine.Conn, error) {
	if strings.HasPrefix(to.Host, "down") {
		return nil, errors.New(to.Host + ": connection refused")
	}
	return inProcess{}, nil
}

func (inProcess) Raw(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no raw here")
}

func (inProcess) Shell(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no shell here")
}

func (inProcess) Drop(string)  {}
func (inProcess) Close() error { return nil }

func (inProcess) Call(ctx context.Context, call wire.Call, answers wire.Answers) (wire.Result, error) {
	if call.Async != nil { // needs a helper that can begin a process of itself
		conn, err := (&helpers{}).Dial(ctx, engine.Endpoint{})
		if err != nil {
			return wire.Result{}, err
		}
		defer conn.Close()
		return conn.Call(ctx, call, answers)
	}
	mod, ok := tasks.Find(call.Module)
	if !ok {
		return wire.Result{}, errors.New("no module " + call.Module)
	}
	m := &sys.Machine{Check: call.Check, Diff: call.Diff, Env: call.Env, Files: call.Files, Controller: controller{answers}}
	return wire.Result{Data: mod.Run(ctx, m, call.Args)}, ctx.Err()
}

type controller struct{ answers wire.Answers }

func (controller) Ask(context.Context, []wire.File) error { return nil }

func (c controller) Open(_ context.Context, f wire.File) (io.ReadCloser, error) {
	return c.answers.Open(f)
}

func (c controller) Send(_ context.Context, r io.Reader) error {
	_, err := io.Copy(c.answers.Receive, r)
	return err
}

func (c controller) Output(wire.Stream, []byte) {}

// ways are the ways of reaching hosts that every case is run with: one call after
// the other, and ahead of results.
var ways = []struct {
	name         string
	dialer       func() engine.Dialer
	noPipelining bool
}{
	{"in process", func() engine.Dialer { return inProcess{} }, false},
	{"helper", func() engine.Dialer { return &helpers{} }, false},
	{"helper without pipelining", func() engine.Dialer { return &helpers{} }, true},
}

// run runs play.yml of a folder over its inventory.yml and returns the report.
func run(t *testing.T, d engine.Dialer, dir string, o engine.Options, extra *jinja.Map) (string, engine.Summary) {
	t.Helper()
	return runAsking(t, d, nil, dir, o, extra)
}

// runAsking is run with somebody to ask.
func runAsking(t *testing.T, d engine.Dialer, ask engine.Prompter, dir string, o engine.Options, extra *jinja.Map) (string, engine.Summary) {
	t.Helper()
	t.Chdir(dir)
	inv, err := inventory.Load("inventory.yml")
	if err != nil {
		t.Fatal(err)
	}
	secrets := &redact.Set{}
	store := vars.NewStore(inv, extra, secrets)
	loader := &playbook.Loader{Modules: catalog.Modules{}, Static: func(n source.Node, known playbook.Known) ([]string, error) {
		return (&engine.Engine{Inventory: inv, Vars: store}).Static(n, known, extra)
	}}
	pb, err := loader.Load("play.yml")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := secrets.Writer(&out)
	text := report.NewText(w, w, report.Options{Verbose: o.Verbosity})
	e := &engine.Engine{Inventory: inv, Vars: store, Loader: loader, Modules: catalog.Modules{},
		Dialer: d, Events: text, Secrets: secrets, Prompter: ask, Options: o}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	sum, err := e.Run(ctx, pb, []string{"play.yml"})
	if err != nil {
		out.WriteString("ERROR: " + err.Error() + "\n")
	}
	if err := errors.Join(text.Close(), w.Flush()); err != nil {
		t.Fatal(err)
	}
	return out.String(), sum
}

// unpack writes an archive's files into a new folder.
func unpack(t *testing.T, ar *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range ar.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var elapsed = regexp.MustCompile(`\b\d+(\.\d+)? ?(ms|s|m\d+s)\b`)

var hostLine = regexp.MustCompile(`^[a-z]+( \([a-z]+\))?: \[(\w+)\]`)

// inHostOrder sorts what hosts report of one task, which comes in the order in
// which they finish.
func inHostOrder(report string) string {
	var out strings.Builder
	var chunks []string
	flush := func() {
		sort.SliceStable(chunks, func(i, j int) bool {
			return hostLine.FindStringSubmatch(chunks[i])[2] < hostLine.FindStringSubmatch(chunks[j])[2]
		})
		out.WriteString(strings.Join(chunks, ""))
		chunks = nil
	}
	for line := range strings.Lines(report) {
		switch {
		case hostLine.MatchString(line):
			chunks = append(chunks, line)
		case chunks != nil && strings.HasPrefix(line, " "):
			chunks[len(chunks)-1] += line
		default:
			flush()
			out.WriteString(line)
		}
	}
	flush()
	return out.String()
}

// inAllWays runs a case's test with every way of reaching hosts.
func inAllWays(t *testing.T, file string, test func(t *testing.T, d engine.Dialer, noPipelining bool)) {
	for _, way := range ways {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+way.name, func(t *testing.T) {
			test(t, way.dialer(), way.noPipelining)
		})
	}
}

// TestReport holds the whole report of a playbook against what is expected.
func TestReport(t *testing.T) {
	files, err := filepath.Glob("testdata/report/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		inAllWays(t, file, func(t *testing.T, d engine.Dialer, noPipelining bool) {
			ar, err := txtar.ParseFile(filepath.Join(here, file))
			if err != nil {
				t.Fatal(err)
			}
			dir := unpack(t, ar)
			o := options(string(ar.Comment))
			o.NoPipelining = noPipelining
			got, _ := run(t, d, dir, o, nil)
			got = inHostOrder(elapsed.ReplaceAllString(strings.ReplaceAll(got, dir, "DIR"), "TIME"))
			want, i := "", -1
			for n, f := range ar.Files {
				if f.Name == "want" {
					want, i = string(f.Data), n
				}
			}
			if got == want {
				return
			}
			if !*update {
				t.Fatalf("got:\n%s\nwant:\n%s", got, want)
			}
			if i < 0 {
				ar.Files = append(ar.Files, txtar.File{Name: "want"})
				i = len(ar.Files) - 1
			}
			ar.Files[i].Data = []byte(got)
			if err := os.WriteFile(filepath.Join(here, file), txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// options reads a case's first lines: "check", "serialforks", "missing-handlers", "verbose=vvv", "tags=a,b".
func options(comment string) engine.Options {
	o := engine.Options{}
	for _, word := range strings.Fields(comment) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "check":
			o.Check = true
		case "verbose":
			o.Verbosity = max(1, len(value))
		case "missing-handlers":
			o.AllowMissingHandlers = true
		case "serialforks":
			o.Forks = 1
		case "tags":
			o.Tags = strings.Split(value, ",")
		case "skip-tags":
			o.SkipTags = strings.Split(value, ",")
		case "start-at":
			o.StartAt = strings.ReplaceAll(value, "+", " ")
		case "limit":
			o.Limit = strings.Split(value, ",")
		}
	}
	return o
}

// TestAgainstAnsible runs playbooks that write what they see into files, and
// compares these with the files that ansible-playbook wrote for the same
// playbook. With FLEET_ORACLE=1 ansible-playbook runs now, once for a case
// (FLEET_ORACLE=loops: for that one alone); otherwise what it wrote before is in the case itself, under want/.
func TestAgainstAnsible(t *testing.T) {
	files, err := filepath.Glob("testdata/ansible/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		oracles := os.Getenv("FLEET_ORACLE")
		asks := oracles == "1" || oracles == strings.TrimSuffix(filepath.Base(file), ".txtar")
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, f := range ar.Files {
			if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
				want[name] = string(f.Data)
			}
		}
		if asks {
			want = oracle(t, ar)
		}
		inAllWays(t, file, func(t *testing.T, d engine.Dialer, noPipelining bool) {
			againstAnsible(t, d, noPipelining, ar, want)
		})
		if asks && *update {
			rewrite(t, file, ar, want)
		}
	}
}

func againstAnsible(t *testing.T, d engine.Dialer, noPipelining bool, ar *txtar.Archive, want map[string]string) {
	dir := unpack(t, ar)
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	o := options(string(ar.Comment))
	o.NoPipelining = noPipelining
	report, _ := run(t, d, dir, o, jinja.NewMap("out", out))
	got := written(t, out)
	for _, name := range keys(want, got) {
		if got[name] != want[name] {
			t.Errorf("%s: fleet wrote %q, ansible-playbook wrote %q", name, got[name], want[name])
		}
	}
	if t.Failed() {
		t.Log(report)
	}
}

// oracle runs ansible-playbook over a case.
func oracle(t *testing.T, ar *txtar.Archive) map[string]string {
	dir := unpack(t, ar)
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"-i", "inventory.yml", "-c", "local", "-e", "out=" + out, "play.yml"}
	o := options(string(ar.Comment))
	if o.Tags != nil {
		args = append(args, "--tags", strings.Join(o.Tags, ","))
	}
	if o.SkipTags != nil {
		args = append(args, "--skip-tags", strings.Join(o.SkipTags, ","))
	}
	if o.StartAt != "" {
		args = append(args, "--start-at-task", o.StartAt)
	}
	if o.Limit != nil {
		args = append(args, "--limit", strings.Join(o.Limit, ":"))
	}
	if o.Forks > 0 {
		args = append(args, "--forks", fmt.Sprint(o.Forks))
	}
	cmd := exec.CommandContext(t.Context(), "ansible-playbook", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ANSIBLE_RETRY_FILES_ENABLED=0", "ANSIBLE_DEPRECATION_WARNINGS=0", "ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3", "ANSIBLE_FORKS=10", "ANSIBLE_NOCOWS=1")
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("ansible-playbook: %v", err)
	}
	if strings.Contains(string(said), "ERROR!") {
		t.Logf("ansible-playbook: %s", said)
	}
	return written(t, out)
}

func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		out[e.Name()] = text
	}
	return out
}

func keys(maps ...map[string]string) []string {
	seen := map[string]bool{}
	var out []string
	for _, m := range maps {
		for k := range m {
			if !seen[k] {
				seen[k] = true
				out = append(out, k)
			}
		}
	}
	sort.Strings(out)
	return out
}

func rewrite(t *testing.T, path string, ar *txtar.Archive, want map[string]string) {
	t.Helper()
	var files []txtar.File
	for _, f := range ar.Files {
		if !strings.HasPrefix(f.Name, "want/") {
			files = append(files, f)
		}
	}
	for _, name := range keys(want) {
		files = append(files, txtar.File{Name: "want/" + name, Data: []byte(want[name])})
	}
	ar.Files = files
	if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
		t.Fatal(err)
	}
}
