package vars

import (
	"regexp"
	"sync"

	"fleet/internal/jinja"
)

var secretName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[_.-])(password|passwd|passphrase|pass|pw|secret|token|api_?key|private_?key)s?$`)
})

// IsSecretName reports whether a variable's name says that its value is a secret.
func IsSecretName(name string) bool { return secretName().MatchString(name) }

// hideText gives the texts in an encrypted file to the store's Secrets: those that
// look like a secret, not the words that such files hold too (present, web_server).
func (s *Store) hideText(v any) {
	switch v := v.(type) {
	case *jinja.Map:
		for _, e := range v.All() {
			s.hideText(e)
		}
	case []any:
		for _, e := range v {
			s.hideText(e)
		}
	case string:
		if len(v) >= 8 && !plainWord().MatchString(v) {
			s.addSecret(v)
		}
	}
}

var plainWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z]+([_.-][a-z]+)*$`)
})

// markMap gives the secrets in m to the store's Secrets: text now, templates when
// they are evaluated.
func (s *Store) markMap(m *jinja.Map) {
	for _, k := range m.Keys() {
		v, _ := m.Get(k)
		name, _ := k.(string)
		m.Set(k, s.mark(v, IsSecretName(name)))
	}
}

func (s *Store) mark(v any, secret bool) any {
	switch v := v.(type) {
	case *jinja.Map:
		s.markMap(v)
	case []any:
		for i, e := range v {
			v[i] = s.mark(e, secret)
		}
	case string:
		if secret {
			s.addSecret(v)
		}
	case int:
		if secret {
			s.addSecret(jinja.Str(v))
		}
	case *jinja.Text:
		if secret {
			return secretText{v, s}
		}
	}
	return v
}

// collect gives the secrets in an evaluated value to the store's Secrets. It only
// reads: hosts may share the value.
func (s *Store) collect(v any, secret bool) {
	switch v := v.(type) {
	case *jinja.Map:
		for k, e := range v.All() {
			name, _ := k.(string)
			s.collect(e, IsSecretName(name))
		}
	case []any:
		for _, e := range v {
			s.collect(e, secret)
		}
	case string, int:
		if secret {
			s.addSecret(jinja.Str(v))
		}
	}
}

func (s *Store) addSecret(text string) {
	if s.secrets != nil && text != "" {
		s.secrets.Add(text)
	}
}

// secretText is a template whose value is a secret.
type secretText struct {
	*jinja.Text
	store *Store
}

func (t secretText) Resolve(c *jinja.Context) (any, error) {
	v, err := t.Text.Resolve(c)
	if err == nil {
		t.store.collect(v, true)
	}
	return v, err
}
