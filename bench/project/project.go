// Package project writes a large project, always the same: an inventory of
// thousands of hosts in groups, and a playbook of hundreds of roles with defaults,
// handlers, templates and conditions. It is the benchmark's food for `fleet check`.
package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Size is how large a project is.
type Size struct{ Roles, TasksPerRole, Hosts int }

// Write writes the project into a folder: inventory.yaml and site.yaml.
func (s Size) Write(dir string) error {
	w := writer{dir: dir}
	w.file("inventory.yaml", s.inventory())
	w.file("group_vars/all.yaml", "domain: example.com\nrelease: \"2.1\"\nports: {http: 80, https: 443}\nbase: \"/srv/{{ inventory_hostname }}\"\n")
	for rack := range racks {
		w.file(fmt.Sprintf("group_vars/rack%02d.yaml", rack), fmt.Sprintf("rack: %d\ngateway: 10.%d.0.1\nresolvers: [10.%d.0.2, 10.%d.0.3]\n", rack, rack, rack, rack))
	}
	var roles strings.Builder
	for r := range s.Roles {
		name := fmt.Sprintf("service%03d", r)
		fmt.Fprintf(&roles, "    - role: %s\n      tags: [%s]\n", name, name)
		w.role(name, s.TasksPerRole)
	}
	w.file("site.yaml", "- name: All services\n  hosts: all\n  become: true\n  roles:\n"+roles.String())
	return w.err
}

const racks = 50

func (s Size) inventory() string {
	var b strings.Builder
	b.WriteString("all:\n  vars: {ansible_user: deploy}\n  children:\n")
	for rack := range racks {
		fmt.Fprintf(&b, "    rack%02d:\n      hosts:\n", rack)
		for i := rack; i < s.Hosts; i += racks {
			fmt.Fprintf(&b, "        host%05d: {ansible_host: 10.%d.%d.%d, weight: %d}\n", i, rack, i>>8&255, i&255, i%7)
		}
	}
	return b.String()
}

// writer writes files; the first error stays.
type writer struct {
	dir string
	err error
}

func (w *writer) file(name, text string) {
	if w.err != nil {
		return
	}
	file := filepath.Join(w.dir, name)
	w.err = errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644))
}

func (w *writer) role(name string, tasks int) {
	folder := "roles/" + name + "/"
	w.file(folder+"defaults/main.yaml", strings.ReplaceAll(defaults, "NAME", name))
	w.file(folder+"handlers/main.yaml", strings.ReplaceAll("- name: restart NAME\n  service: {name: NAME, state: restarted}\n", "NAME", name))
	w.file(folder+"templates/service.conf.j2", strings.ReplaceAll(template, "NAME", name))
	var b strings.Builder
	for i := range tasks {
		task := forms[i%len(forms)]
		b.WriteString(strings.NewReplacer("NAME", name, "NUMBER", fmt.Sprint(i)).Replace(task))
	}
	w.file(folder+"tasks/main.yaml", b.String())
}

const defaults = `NAME_enabled: true
NAME_port: 8080
NAME_folder: "{{ base }}/NAME"
NAME_options: {workers: 4, log: info}
NAME_backends:
  - {name: one, address: "10.{{ rack }}.1.1", weight: 3}
  - {name: two, address: "10.{{ rack }}.1.2", weight: 1}
`

const template = `# NAME on {{ inventory_hostname }}
listen {{ NAME_port }};
{% for b in NAME_backends | sort(attribute='weight', reverse=true) %}
server {{ b.address }}:{{ NAME_port }} weight={{ b.weight }};{{ ' # first' if loop.first }}
{% endfor %}
{% if NAME_options.log == 'debug' %}
log {{ NAME_folder }}/log debug;
{% else %}
log {{ NAME_folder }}/log {{ NAME_options.log | default('info') }};
{% endif %}
`

// forms are the tasks that a role repeats.
var forms = []string{
	`- name: Folder NUMBER
  file: {path: "{{ NAME_folder }}/NUMBER", state: directory, mode: "0755"}
`, `- name: Configuration NUMBER
  template:
    src: service.conf.j2
    dest: "{{ NAME_folder }}/NUMBER.conf"
    mode: "0644"
  when: NAME_enabled | bool and ansible_facts.os_family == 'Debian'
  notify: restart NAME
`, `- name: Line NUMBER
  lineinfile:
    path: "{{ NAME_folder }}/limits"
    regexp: "^limitNUMBER="
    line: "limitNUMBER={{ NAME_options.workers * 16 }}"
    create: true
`, `- name: Version NUMBER
  command: "{{ NAME_folder }}/bin/NAME --version"
  register: NAME_version
  changed_when: false
`, `- name: Old files NUMBER
  file: {path: "{{ NAME_folder }}/{{ item.name }}", state: absent}
  loop: "{{ NAME_backends }}"
  loop_control: {label: "{{ item.name }}"}
  when: NAME_version.stdout is version(release, '<')
`,
}
