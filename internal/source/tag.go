package source

import (
	"encoding/base64"
	"strings"

	"gopkg.in/yaml.v3"
)

// tagged returns an error where the node's own tag means nothing here, or something
// that the value is not.
func (n Node) tagged() error {
	tag := n.ShortTag()
	fits := true
	switch v := Scalar(n); tag {
	case "!unsafe", "!!str", "!!timestamp", "!!null", "!!map", "!!seq", "!!set", "!!omap", "!!pairs":
	case "!vault", "!vault-encrypted":
		return n.Errorf("the value is tagged %s and is a %s, not text", tag, kindName(n.Node)).WithHint("a vault is a text, as `fleet vault encrypt_string` prints it")
	case "!!int":
		_, isInt := v.(int)
		fits = isInt || yamlInt().MatchString(n.Node.Value)
	case "!!float":
		_, fits = v.(float64)
	case "!!bool":
		_, fits = v.(bool)
	case "!!binary":
		_, fits = binary(n.Node.Value)
	default:
		return n.Errorf("unknown YAML tag %q", tag).WithHint("quote a text that starts with !")
	}
	if fits {
		return nil
	}
	return n.Errorf("the value is tagged %s, and is %q", tag, n.Node.Value)
}

// ofTag returns what a scalar with a tag stands for.
func ofTag(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!int", "!!bool", "!!null":
		return Resolve(n.Value)
	case "!!float":
		v := Resolve(n.Value)
		if i, isInt := v.(int); isInt {
			return float64(i)
		}
		return v
	case "!!binary":
		if content, ok := binary(n.Value); ok {
			return content
		}
	}
	return n.Value
}

// binary returns the bytes that a value in base64 stands for, be they text or not, as
// lookup('file') does those of a file.
func binary(value string) (content string, ok bool) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	return string(data), err == nil
}
