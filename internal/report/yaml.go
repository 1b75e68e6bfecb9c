package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxDepth is how deep a result may be nested to be shown as YAML.
const maxDepth = 100

// asYAML returns a JSON value as YAML, keys in their order, without the names in
// leaveOut at the top. What is no JSON is returned as it stands.
func asYAML(data json.RawMessage, leaveOut ...string) string {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	node, err := yamlNode(dec, maxDepth)
	if err != nil {
		return string(data)
	}
	for _, name := range leaveOut {
		dropKey(node, name)
	}
	if node.Kind == yaml.MappingNode && len(node.Content) == 0 {
		return ""
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(node); err != nil {
		return string(data)
	}
	return b.String()
}

func dropKey(node *yaml.Node, name string) {
	if node.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			node.Content = append(node.Content[:i], node.Content[i+2:]...)
			return
		}
	}
}

// yamlNode reads the next JSON value. encoding/json's own values would lose the
// order of keys.
func yamlNode(dec *json.Decoder, depth int) (*yaml.Node, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		if depth == 0 {
			return nil, errors.New("nested too deep")
		}
		return yamlCollection(dec, v, depth-1)
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}, nil
	case string:
		return yamlText(v), nil
	case bool:
		text := "false"
		if v {
			text = "true"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Value: text}, nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: "null"}, nil
}

func yamlCollection(dec *json.Decoder, open json.Delim, depth int) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode}
	if open == '{' {
		node.Kind = yaml.MappingNode
	}
	for dec.More() {
		child, err := yamlNode(dec, depth)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	if len(node.Content) == 0 {
		node.Style = yaml.FlowStyle
	}
	_, err := dec.Token()
	return node, err
}

func yamlText(text string) *yaml.Node {
	node := &yaml.Node{}
	node.SetString(text)
	if strings.Contains(text, "\n") {
		node.Style = yaml.LiteralStyle
	}
	return node
}
