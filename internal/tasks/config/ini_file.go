package config

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// IniFile has an option, or a section, in an INI file or out of it. The rest of
// the file stays as it is, with its comments.
//
// An option that stands there as a comment is put in the comment's place.
//
// Example:
//
//	tasks:
//	  - name: Give PHP more memory
//	    ini_file:
//	      path: /etc/php/8.2/fpm/php.ini
//	      section: PHP
//	      option: memory_limit
//	      value: 512M
var IniFile = sys.Define(spec.Module{
	Name:      "ini_file",
	Names:     []string{"community.general.ini_file"},
	Exclusive: [][]string{{"value", "values"}},
}, iniFile)

type iniFileArgs struct {
	// The file.
	Path string `arg:"path,required" type:"path" alias:"dest"`
	// The section; without it, what stands before the first one is meant.
	Section string `arg:"section"`
	// Chooses among sections of the same name the one in which these options have
	// these values. Where there is none, a new section begins with them.
	SectionHasValues []iniHas `arg:"section_has_values"`
	// The option; without it, the section itself is meant.
	Option string `arg:"option"`
	// The value.
	Value *string `arg:"value"`
	// The values of an option that stands there several times.
	Values []string `arg:"values"`
	// Whether it should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The option has this value and no other. Without it, values are added or
	// removed, and others stay.
	Exclusive bool `arg:"exclusive" default:"true"`
	// Writes "option=value", without spaces.
	NoExtraSpaces bool `arg:"no_extra_spaces"`
	// Takes a line for right that differs only in spaces around the sign.
	IgnoreSpaces bool `arg:"ignore_spaces"`
	// Makes the file, and its folder, if it does not exist.
	Create bool `arg:"create" default:"true"`
	// The option may stand there without a value.
	AllowNoValue bool `arg:"allow_no_value"`
	// An option that stands there as a comment is replaced.
	ModifyInactiveOption bool `arg:"modify_inactive_option" default:"true"`
	// Writes where a symbolic link points to; without it, the link is replaced.
	Follow bool `arg:"follow"`
	editArgs
}

type iniHas struct {
	// The option.
	Option string `arg:"option,required"`
	// Its value.
	Value *string `arg:"value"`
	// Its values.
	Values []string `arg:"values"`
}

func iniFile(ctx context.Context, m *sys.Machine, a *iniFileArgs) (any, error) {
	res := &edited{Msg: "OK"}
	values := a.Values
	if a.Value != nil {
		values = []string{*a.Value}
	}
	switch {
	case a.State == "present" && !a.AllowNoValue && len(values) == 0:
		return res, errors.New(`one of the arguments value, values is needed with state: present; allow_no_value: true does without`)
	case a.Option == "" && a.State == "absent" && a.Section == "":
		return res, errors.New(`one of the arguments section, option is needed with state: absent`)
	}
	path, text, there, err := readText(m, a.Path)
	res.Path = path
	if err != nil {
		return res, err
	}
	if !there && !a.Create {
		return res, fmt.Errorf("%q does not exist; create: true makes it", a.Path)
	}
	e := &iniEdit{iniFileArgs: a, values: uniq(values), msg: "OK"}
	lines := sys.Lines(text)
	if len(lines) == 0 && a.State == "present" {
		lines = []string{"\n"} // as Ansible's files begin
	}
	lines = e.edit(lines)
	res.Msg = e.msg
	if there || len(lines) > 0 {
		done, err := a.writeText(ctx, m, sys.Write{Path: path, Content: sys.Bytes([]byte(strings.Join(lines, ""))), Follow: a.Follow})
		if err != nil {
			return res, err
		}
		res.BackupFile = done.BackupFile
	}
	res.FileInfo = m.FileInfo(path)
	return res, nil
}

// uniq returns the values without those that came before.
func uniq(values []string) []string {
	var out []string
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
