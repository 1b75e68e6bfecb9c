package settings

import (
	"fmt"
	"strings"
)

const pageHead = `# Ansible's settings

fleet reads ` + "`ansible.cfg`" + ` where Ansible finds it: the file that ` + "`ANSIBLE_CONFIG`" + ` names, ` + "`./ansible.cfg`" + ` (not in a folder that
everybody may write to), ` + "`~/.ansible.cfg`" + `, ` + "`/etc/ansible/ansible.cfg`" + `; the first that is there counts. The environment's
variables win over the file, and flags over both. A key that is in no table here is a warning.

What is *ignored* changes nothing here. What is *ignored, with a warning* would change something in Ansible. What is
*refused* is an error, unless it has the value that holds anyway: a run would do other things than the setting says.

This page is made from the table in ` + "`internal/settings`" + ` by ` + "`make docs`" + `.
`

// Page returns docs/settings.md.
func Page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	for _, use := range []Use{Honoured, Refused, Missed, Ignored} {
		fmt.Fprintf(&b, "\n## %s%s\n\n| setting | variable | here |\n| --- | --- | --- |\n", strings.ToUpper(use.String()[:1]), use.String()[1:])
		for i := range table {
			if table[i].Use == use {
				b.WriteString(table[i].line())
			}
		}
	}
	return b.String()
}

// line is a line of the table.
func (row *Row) line() string {
	var keys, env []string
	if row.Key != "" {
		keys = append(keys, fmt.Sprintf("`%s` in [%s]", row.Key, row.Section))
	}
	for _, also := range row.Also {
		section, key, _ := strings.Cut(also, ".")
		keys = append(keys, fmt.Sprintf("`%s` in [%s]", key, section))
	}
	for _, e := range row.Env {
		env = append(env, "`"+e+"`")
	}
	return fmt.Sprintf("| %s | %s | %s |\n", strings.Join(keys, ", "), strings.Join(env, ", "), row.About)
}
