package playbook

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestListMatchesAnsible compares the order, the names, the roles and the tags
// of the tasks with what `ansible-playbook --list-tasks` prints (asked with
// FLEET_ORACLE=1, stored with -update).
func TestListMatchesAnsible(t *testing.T) {
	const path = "testdata/list.txtar"
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range casesOf(t, archive) {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(c.dir)
			if os.Getenv("FLEET_ORACLE") == "1" {
				out, err := exec.Command("ansible-playbook", "-i", "localhost,", "--list-tasks", "p.yml").Output()
				if err != nil {
					t.Fatal(err, string(out))
				}
				if *update {
					c.want.Data = out
				} else if inOrder(out) != inOrder(c.want.Data) {
					t.Errorf("ansible says:\n%s", out)
				}
			}
			l := &Loader{}
			pb, err := l.Load("p.yml")
			if err != nil {
				t.Fatal(show(pb, err))
			}
			if got, want := listTasks(pb), inOrder(c.want.Data); got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// playTags are a play's tags, which Ansible prints in no order.
var playTags = regexp.MustCompile(`TAGS: \[\S+,\S+\]`)

func inOrder(list []byte) string { return playTags.ReplaceAllStringFunc(string(list), sortTags) }

func sortTags(text string) string {
	list := strings.TrimSuffix(strings.TrimPrefix(text, "TAGS: ["), "]")
	return "TAGS: [" + strings.Join(sorted(strings.Split(list, ",")), ",") + "]"
}

func sorted(list []string) []string {
	list = append([]string(nil), list...)
	sort.Strings(list)
	return list
}

// listTasks prints a playbook as `ansible-playbook --list-tasks` does.
func listTasks(pb *Playbook) string {
	var b strings.Builder
	b.WriteString("\nplaybook: p.yml\n")
	for i, p := range pb.Plays {
		hosts := p.Hosts.Text()
		if p.Hosts.IsList() {
			var all []string
			for _, h := range p.Hosts.Items() {
				all = append(all, h.Text())
			}
			hosts = strings.Join(all, ",")
		}
		name := p.Name.Text()
		if name == "" {
			name = hosts
		}
		fmt.Fprintf(&b, "\n  play #%d (%s): %s\tTAGS: [%s]\n    tasks:\n", i+1, hosts, name, strings.Join(sorted(p.Tags), ","))
		for _, section := range [][]Entry{p.PreTasks, p.Roles, p.Tasks, p.PostTasks} {
			for _, e := range section {
				listEntry(&b, e, p.Tags)
			}
		}
	}
	return b.String()
}

func listEntry(b *strings.Builder, e Entry, tags []string) {
	tags = append(tags[:len(tags):len(tags)], e.Common().Tags...)
	if block, ok := e.(*Block); ok {
		for _, inner := range block.Body {
			listEntry(b, inner, tags)
		}
		return
	}
	task := e.(*Task)
	name := task.Name.Text()
	if name == "" {
		name = task.Module
	}
	if role := RoleOf(task); role != nil && task.Name.Exists() {
		name = role.Name + " : " + name
	}
	sort.Strings(tags)
	var unique []string
	for i, tag := range tags {
		if i == 0 || tags[i-1] != tag {
			unique = append(unique, tag)
		}
	}
	fmt.Fprintf(b, "      %s\tTAGS: [%s]\n", name, strings.Join(unique, ", "))
}
