package lookup

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"math/big"
	mathrand "math/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// The names that stand for characters, as in Python's module string.
var charSets = map[string]string{
	"ascii_letters":   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"ascii_lowercase": "abcdefghijklmnopqrstuvwxyz",
	"ascii_uppercase": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"digits":          "0123456789",
	"hexdigits":       "0123456789abcdefABCDEF",
	"octdigits":       "01234567",
	"punctuation":     `!#$%&()*+,-./:;<=>?@[\]^_` + "`{|}~",
}

// passwordArgs are the arguments of the lookup password.
type passwordArgs struct {
	path, encrypt, seed string
	length              int
	chars               []string
}

var passwordNames = []string{"length", "encrypt", "chars", "seed", "ident"}

// password returns a password that lies in a file, in clear, and is made where
// the file is not there. A term is `path length=20 chars=digits encrypt=sha512_crypt`.
func (l lookups) password(c *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("password", kw, passwordNames...); err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range terms {
		term, err := text("password", t)
		if err != nil {
			return nil, err
		}
		args, err := readPasswordArgs(term, kw)
		if err != nil {
			return nil, err
		}
		if args.path = expand(args.path); !filepath.IsAbs(args.path) {
			args.path = filepath.Join(l.o.Dir, args.path)
		}
		s, err := args.get(c)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func readPasswordArgs(term string, kw *jinja.Map) (passwordArgs, error) {
	given := map[string]string{}
	var chars []string
	for k, v := range kw.All() {
		if l, ok := v.([]any); ok && k == "chars" {
			for _, e := range l {
				chars = append(chars, jinja.Str(e))
			}
			continue
		}
		given[jinja.Str(k)] = jinja.Str(v)
	}
	var path []string
	for i, f := range strings.Split(term, " ") {
		name, value, ok := strings.Cut(f, "=")
		switch {
		case i == 0 || !ok:
			path = append(path, f)
		case !slices.Contains(passwordNames, name):
			return passwordArgs{}, failed("the lookup \"password\" has no argument %q", name)
		default:
			given[name] = strings.Trim(value, `'"`)
		}
	}
	a := passwordArgs{path: strings.TrimSpace(strings.Join(path, " ")), length: 20, encrypt: given["encrypt"], seed: given["seed"], chars: chars}
	if s, ok := given["length"]; ok {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 10_000 {
			return a, failed("the length of a password must be a number from 1 to 10000, not %q", s)
		}
		a.length = n
	}
	if s := given["chars"]; s != "" {
		if strings.Contains(s, ",,") {
			a.chars = append(a.chars, ",")
		}
		a.chars = append(a.chars, strings.FieldsFunc(s, func(r rune) bool { return r == ',' })...)
	}
	if len(a.chars) == 0 {
		a.chars = []string{"ascii_letters", "digits", ".,:-_"}
	}
	return a, nil
}

// get returns the password, from the file or new.
func (a passwordArgs) get(c *jinja.Context) (string, error) {
	content, err := a.stored()
	if err != nil {
		return "", err
	}
	password, salt := content, ""
	if i := strings.LastIndex(content, " salt="); i >= 0 {
		password, salt = content[:i], content[i+len(" salt="):]
		salt, _, _ = strings.Cut(salt, " ident=")
	}
	if content == "" {
		if password, err = a.random(a.length, a.chars); err != nil {
			return "", err
		}
	}
	if a.encrypt != "" && salt == "" {
		if salt, err = a.random(16, []string{"ascii_letters", "digits", "./"}); err != nil {
			return "", err
		}
		content = ""
	}
	if content == "" && a.path != os.DevNull {
		line := password
		if salt != "" {
			line += " salt=" + salt
		}
		if raced, err := a.store(line); err != nil {
			return "", err
		} else if raced {
			return a.get(c)
		}
	}
	if a.encrypt == "" {
		return password, nil
	}
	return hashed(c, password, a.encrypt, salt)
}

func (a passwordArgs) stored() (string, error) {
	if a.path == os.DevNull {
		return "", nil
	}
	s, err := read(source.Files{}, a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimRight(s, " \t\r\n"), err
}

// store writes the file, readable for its owner only. raced is true where
// another host or process was faster and the file holds another password.
func (a passwordArgs) store(line string) (raced bool, err error) {
	dir := filepath.Dir(a.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, failed("cannot make the folder of the password: %w", err)
	}
	before, _ := a.stored()
	tmp, err := os.CreateTemp(dir, ".password-*")
	if err != nil {
		return false, failed("cannot write the password: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(line + "\n")
	if err := errors.Join(err, tmp.Close()); err != nil {
		return false, failed("cannot write the password: %w", err)
	}
	if before != "" { // only the salt is new
		err = os.Rename(tmp.Name(), a.path)
	} else if err = os.Link(tmp.Name(), a.path); errors.Is(err, fs.ErrExist) {
		if s, readErr := a.stored(); readErr == nil && s == "" {
			return false, os.Rename(tmp.Name(), a.path)
		}
		return true, nil
	}
	if err != nil {
		return false, failed("cannot write the password: %w", err)
	}
	return false, nil
}

// random returns n characters. With a seed they are always the same, though not
// those that Ansible draws.
func (a passwordArgs) random(n int, sets []string) (string, error) {
	var chars string
	for _, s := range sets {
		if set, ok := charSets[s]; ok {
			s = set
		}
		chars += strings.NewReplacer(`"`, "", "'", "").Replace(s)
	}
	runes := []rune(chars)
	if len(runes) == 0 {
		return "", failed("the lookup \"password\" has no characters to choose from")
	}
	var seeded *mathrand.Rand
	if a.seed != "" {
		h := int64(0)
		for _, b := range []byte(a.seed) {
			h = h*1099511628211 + int64(b)
		}
		seeded = mathrand.New(mathrand.NewSource(h))
	}
	out := make([]rune, n)
	for i := range out {
		if seeded != nil {
			out[i] = runes[seeded.Intn(len(runes))]
			continue
		}
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(runes))))
		if err != nil {
			return "", err
		}
		out[i] = runes[k.Int64()]
	}
	return string(out), nil
}

// hashed is the filter password_hash.
func hashed(c *jinja.Context, password, kind, salt string) (string, error) {
	v, err := c.Filter("password_hash", password, kind, salt)
	if err != nil {
		return "", err
	}
	return v.(string), nil
}
