package pages

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/jinja/lookup"
	"fleet/internal/moduledoc"
	"fleet/internal/playbook"
	"fleet/internal/settings"
)

// The parts of docs/ansible.md that are made from the sources stand between
// these lines, with the part's name in the first.
const (
	partBegins = "<!-- made from the sources: %s -->\n"
	partEnds   = "<!-- end -->\n"
)

// Ansible returns what docs/ansible.md has to be: the text that is there, with
// its tables made anew.
func Ansible(root string) (string, error) {
	text, err := os.ReadFile(ansibleFile(root))
	if err != nil {
		return "", err
	}
	list, err := Pages(root)
	if err != nil {
		return "", err
	}
	out := string(text)
	for name, made := range map[string]string{
		"keywords": keywordTable(),
		"filters":  wordList(jinja.Filters()),
		"tests":    wordList(jinja.Tests()),
		"lookups":  wordList(append(jinja.Lookups(), slices.Collect(maps.Keys(lookup.New(lookup.Options{})))...)),
		"modules":  moduleList(list),
		"settings": settingTable(),
	} {
		begin := fmt.Sprintf(partBegins, name)
		before, rest, found := strings.Cut(out, begin)
		_, after, ended := strings.Cut(rest, partEnds)
		if !found || !ended {
			return "", fmt.Errorf("docs/ansible.md: no part %q", name)
		}
		out = before + begin + made + partEnds + after
	}
	return out, nil
}

// WriteAnsible makes docs/ansible.md say what the sources say.
func WriteAnsible(root string) error {
	text, err := Ansible(root)
	if err != nil {
		return err
	}
	return os.WriteFile(ansibleFile(root), []byte(text), 0o644)
}

func ansibleFile(root string) string { return filepath.Join(root, "docs", "ansible.md") }

// keywordTable has a line for each keyword that is not simply there.
func keywordTable() string {
	var there []string
	var table strings.Builder
	table.WriteString("\n| keyword | where | here |\n| --- | --- | --- |\n")
	for _, k := range playbook.Language() {
		switch {
		case k.Refused:
			fmt.Fprintf(&table, "| `%s` | %s | refused: %s |\n", k.Name, strings.Join(k.In, ", "), k.Hint)
		case k.Ignored:
			fmt.Fprintf(&table, "| `%s` | %s | read, and without effect |\n", k.Name, strings.Join(k.In, ", "))
		default:
			there = append(there, k.Name)
		}
	}
	return wordList(there) + table.String()
}

func moduleList(list []*moduledoc.Page) string {
	var names []string
	for _, p := range list {
		names = append(names, fmt.Sprintf("[`%s`](modules/%[1]s.md)", p.Module.Name))
	}
	slices.Sort(names)
	return strings.Join(names, ", ") + "\n"
}

func settingTable() string {
	var b strings.Builder
	b.WriteString("| setting | variables | here | what it does, or why nothing |\n| --- | --- | --- | --- |\n")
	for _, row := range settings.Table() {
		name := row.Name
		if row.Key != "" {
			name = "[" + row.Section + "] " + row.Key
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, strings.Join(row.Env, ", "), row.Use, strings.ReplaceAll(row.About, "|", `\|`))
	}
	return b.String()
}

// wordList is a paragraph of names.
func wordList(names []string) string {
	slices.Sort(names)
	return "`" + strings.Join(slices.Compact(names), "`, `") + "`\n"
}
