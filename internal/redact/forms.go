package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// forms returns the ways in which a secret of one line is usually written:
// plain, escaped for JSON, Go, YAML, shells and URLs, and in base64.
func forms(secret string) []string {
	quoted := strconv.Quote(secret)
	list := []string{
		secret,
		jsonEscaped(secret, true),
		jsonEscaped(secret, false),
		quoted[1 : len(quoted)-1],
		strings.ReplaceAll(secret, `'`, `''`),
		strings.ReplaceAll(secret, `'`, `'\''`),
		strings.ReplaceAll(secret, `'`, `'"'"'`),
		shellEscaped(secret),
		url.QueryEscape(secret),
		url.PathEscape(secret),
		url.UserPassword("", secret).String()[1:],
	}
	return append(list, base64Forms(secret)...)
}

func jsonEscaped(secret string, html bool) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(html)
	if enc.Encode(secret) != nil { // never: every string can be encoded
		return secret
	}
	text := strings.TrimSuffix(b.String(), "\n")
	return text[1 : len(text)-1]
}

// shellEscaped puts a backslash before what a shell reads between double quotes.
func shellEscaped(secret string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(secret)
}

// base64Forms returns what base64 makes of the secret wherever it stands in a
// longer text ("user:secret"): of each of the three ways to fall on groups of
// three bytes, the characters that come from the secret alone.
func base64Forms(secret string) []string {
	var list []string
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			text := enc.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
			from, to := (shift*8+5)/6, (shift+len(secret))*8/6
			if core := text[from:to]; len(core) >= 6 {
				list = append(list, core)
			}
		}
	}
	return list
}
