package system

import (
	"context"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// LocaleGen has locales made, or taken away, on Debian, Ubuntu and their like.
//
// Example:
//
//	tasks:
//	  - name: Speak German
//	    locale_gen:
//	      name: de_DE.UTF-8
var LocaleGen = sys.Define(spec.Module{
	Name:  "locale_gen",
	Names: []string{"community.general.locale_gen"},
}, localeGen)

type localeGenArgs struct {
	// The locales, as de_DE.UTF-8.
	Name []string `arg:"name,required"`
	// Whether they should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
}

type localeGenResult struct {
	// The locales.
	Name []string `json:"name"`
}

const localeFile = "/etc/locale.gen"

func localeGen(ctx context.Context, m *sys.Machine, a *localeGenArgs) (any, error) {
	res := &localeGenResult{a.Name}
	out, err := m.Query(ctx, "locale", "-a")
	if err != nil {
		return res, err
	}
	there := map[string]bool{}
	for _, line := range strings.Fields(out.Stdout) {
		there[plainLocale(line)] = true
	}
	text, found, err := m.ReadText(localeFile)
	if err != nil {
		return res, err
	}
	if !found && !m.Check {
		return res, fmt.Errorf("%s does not exist: install the package %q first", localeFile, "locales")
	}
	known, _, err := m.ReadText("/usr/share/i18n/SUPPORTED")
	if err != nil {
		return res, err
	}
	before := text
	missing := false
	for _, name := range a.Name {
		if there[plainLocale(name)] == (a.State == "present") {
			continue
		}
		missing = true
		edited, ok := editLocales(text, known, name, a.State == "present")
		if !ok && found {
			return res, fmt.Errorf("locale %q is not known: neither %s nor /usr/share/i18n/SUPPORTED has it", name, localeFile)
		}
		text = edited
	}
	if !missing {
		return res, nil
	}
	if text != before {
		if _, err := m.Write(ctx, sys.Write{Path: localeFile, Content: sys.Bytes([]byte(text)), Follow: true}); err != nil {
			return res, err
		}
	}
	return res, m.Perform(ctx, "generate the locales", "locale-gen")
}

// plainLocale is a locale as `locale -a` writes it, with the character set in
// lower case and without signs.
func plainLocale(name string) string {
	name, modifier, modified := strings.Cut(name, "@")
	language, charset, ok := strings.Cut(name, ".")
	if ok {
		language += "." + strings.ReplaceAll(strings.ToLower(charset), "-", "")
	}
	if modified {
		language += "@" + modifier
	}
	return language
}

// editLocales switches the locale's line on or off. A line that is missing comes
// from the list of what is known.
func editLocales(text, known, name string, on bool) (edited string, ok bool) {
	var out strings.Builder
	for _, line := range sys.Lines(text) {
		entry := strings.TrimSpace(strings.TrimLeft(line, "# \t"))
		if locale, _, _ := strings.Cut(entry, " "); locale == name {
			ok = true
			if line = "# " + entry + "\n"; on {
				line = entry + "\n"
			}
		}
		out.WriteString(line)
	}
	if ok || !on {
		return out.String(), true
	}
	for _, line := range sys.Lines(known) {
		if locale, _, _ := strings.Cut(strings.TrimSpace(line), " "); locale == name {
			if s := out.String(); s != "" && !strings.HasSuffix(s, "\n") {
				out.WriteByte('\n')
			}
			out.WriteString(strings.TrimSpace(line) + "\n")
			return out.String(), true
		}
	}
	return text, false
}
