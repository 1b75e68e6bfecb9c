package jinja

import (
	"encoding/base64"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/source"
)

// options are the arguments of a lookup by name, with their defaults.
type options struct {
	name  string
	given *Map
}

// only refuses arguments that the lookup does not have.
func (o options) only(known ...string) error {
	for k := range o.given.All() {
		if !slices.Contains(known, Str(k)) {
			e := newError("%q is not a valid option of the lookup %q", Str(k), o.name)
			e.Hint = source.DidYouMean(Str(k), known)
			return e
		}
	}
	return nil
}

// text returns an argument as a text.
func (o options) text(name, otherwise string) string {
	if v, ok := o.given.Get(name); ok && v != nil {
		return Str(v)
	}
	return otherwise
}

// choice is text for one of some words.
func (o options) choice(name string, words ...string) (string, error) {
	s := o.text(name, words[0])
	if !slices.Contains(words, s) {
		return "", newError("the lookup %q: %s cannot be %q", o.name, name, s).WithHint("the words are %s", strings.Join(words, ", "))
	}
	return s, nil
}

func (o options) flag(name string, otherwise bool) (bool, error) {
	v, ok := o.given.Get(name)
	if !ok {
		return otherwise, nil
	}
	if s, isText := v.(string); isText {
		v = source.Resolve(s)
	}
	b, isBool := v.(bool)
	if !isBool {
		return false, newError("the lookup %q: %s must be true or false, not %s", o.name, name, describe(v))
	}
	return b, nil
}

func (o options) number(name string, otherwise int) (int, error) {
	s := o.text(name, strconv.Itoa(otherwise))
	n, err := strconv.Atoi(s)
	if err != nil || n > maxOutput/64 {
		return 0, newError("the lookup %q: %s must be a number up to %d, not %q", o.name, name, maxOutput/64, s)
	}
	return n, nil
}

// kinds of characters, in the order in which they are put together.
var stringKinds = []struct{ flag, least, chars string }{
	{"upper", "min_upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
	{"lower", "min_lower", "abcdefghijklmnopqrstuvwxyz"},
	{"numbers", "min_numeric", "0123456789"},
	{"special", "min_special", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
}

var randomStringOptions = []string{
	"base64", "ignore_similar_chars", "length", "lower", "min_lower", "min_numeric", "min_special", "min_upper", "numbers",
	"override_all", "override_special", "seed", "similar_chars", "special", "upper",
}

// lookupRandomString is community.general's random_string: characters of the kinds
// that are wanted, as many of each as it must have at least.
func lookupRandomString(c *Context, terms []any, kw *Map) ([]any, error) {
	o := options{"random_string", kw}
	if err := o.only(randomStringOptions...); err != nil {
		return nil, err
	}
	if len(terms) > 0 {
		return nil, newError("the lookup \"random_string\" takes options alone, not %s", describe(terms[0]))
	}
	seed, seeded := kw.Get("seed")
	if seeded = seeded && seed != nil; seeded {
		seed = Str(seed)
	}
	draw, err := c.draw(seed)
	if err != nil {
		return nil, err
	}
	d := drawing{draw: draw}
	if err := o.drawString(&d); err != nil {
		return nil, err
	}
	if !seeded {
		if err := d.shuffle(); err != nil {
			return nil, err
		}
	}
	encoded, err := o.flag("base64", false)
	if err != nil {
		return nil, err
	}
	s := string(d.out)
	if encoded {
		s = base64.StdEncoding.EncodeToString([]byte(s))
	}
	return []any{s}, c.made(s)
}

// drawString draws the characters that must be there, and then those of any kind.
func (o options) drawString(d *drawing) error {
	length, err := o.number("length", 8)
	if err != nil {
		return err
	}
	all := o.text("override_all", "")
	if all == "" {
		if all, err = o.kinds(d); err != nil {
			return err
		}
	}
	return d.add([]rune(all), length-len(d.out))
}

// kinds returns the characters of all kinds that are wanted, and draws those that
// must be there: digits, lower case, upper case, others.
func (o options) kinds(d *drawing) (string, error) {
	similar := ""
	if ignore, err := o.flag("ignore_similar_chars", false); err != nil {
		return "", err
	} else if ignore {
		similar = o.text("similar_chars", "il1LoO0")
	}
	all := ""
	least, chars := make([]int, len(stringKinds)), make([]string, len(stringKinds))
	for i, kind := range stringKinds {
		chars[i] = strings.Map(func(r rune) rune {
			if strings.ContainsRune(similar, r) {
				return -1
			}
			return r
		}, kind.chars)
		if kind.flag == "special" {
			chars[i] = o.text("override_special", chars[i])
		}
		wanted, err := o.flag(kind.flag, true)
		if err != nil {
			return "", err
		}
		if wanted {
			all += chars[i]
		}
		if least[i], err = o.number(kind.least, 0); err != nil {
			return "", err
		}
	}
	for _, i := range []int{2, 1, 0, 3} {
		if err := d.add([]rune(chars[i]), least[i]); err != nil {
			return "", err
		}
	}
	return all, nil
}

// drawing is a text that is drawn.
type drawing struct {
	draw func(*big.Int) (*big.Int, error)
	out  []rune
}

func (d *drawing) add(chars []rune, n int) error {
	if len(chars) == 0 {
		return newError("the lookup \"random_string\" has no characters to choose from")
	}
	for range n {
		i, err := d.draw(big.NewInt(int64(len(chars))))
		if err != nil {
			return err
		}
		d.out = append(d.out, chars[i.Int64()])
	}
	return nil
}

func (d *drawing) shuffle() error {
	for i := len(d.out) - 1; i > 0; i-- {
		j, err := d.draw(big.NewInt(int64(i + 1)))
		if err != nil {
			return err
		}
		k := j.Int64()
		d.out[i], d.out[k] = d.out[k], d.out[i]
	}
	return nil
}
