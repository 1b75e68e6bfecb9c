package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Diff is a text before and after. Prepared is shown as it is, where a module
// made the diff itself.
type Diff struct {
	Before       string
	After        string
	BeforeHeader string
	AfterHeader  string
	Prepared     string
}

// ParseDiffs reads what a result has under "diff": one, or a list of them. Anything
// else is none.
func ParseDiffs(data json.RawMessage) []Diff {
	var all []Diff
	if len(data) == 0 || json.Unmarshal(data, &all) == nil {
		return all
	}
	var one Diff
	if json.Unmarshal(data, &one) != nil {
		return nil
	}
	return []Diff{one}
}

// UnmarshalJSON reads a diff as modules give it. Where before and after are
// mappings of attributes they become a line for each that differs; their path
// stands above.
func (d *Diff) UnmarshalJSON(data []byte) error {
	var raw struct {
		Before       json.RawMessage `json:"before"`
		After        json.RawMessage `json:"after"`
		BeforeHeader string          `json:"before_header"`
		AfterHeader  string          `json:"after_header"`
		Prepared     string          `json:"prepared"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*d = Diff{BeforeHeader: raw.BeforeHeader, AfterHeader: raw.AfterHeader, Prepared: raw.Prepared}
	var before, after map[string]json.RawMessage
	if json.Unmarshal(raw.Before, &before) == nil && json.Unmarshal(raw.After, &after) == nil {
		d.attributes(before, after)
		return nil
	}
	for text, to := range map[*json.RawMessage]*string{&raw.Before: &d.Before, &raw.After: &d.After} {
		if len(*text) > 0 {
			if err := json.Unmarshal(*text, to); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Diff) attributes(before, after map[string]json.RawMessage) {
	var path string
	if json.Unmarshal(before["path"], &path) == nil && d.BeforeHeader == "" && d.AfterHeader == "" {
		d.BeforeHeader, d.AfterHeader = path, path
	}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if bytes.Equal(before[key], after[key]) {
			delete(before, key)
			delete(after, key)
		}
	}
	d.Before, d.After = attributeLines(before), attributeLines(after)
}

// attributeLines writes a line for each attribute, and below it one for each
// element where it is a list or a mapping.
func attributeLines(attrs map[string]json.RawMessage) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(attrs)) {
		writeAttribute(&b, "", key, attrs[key])
	}
	return b.String()
}

func writeAttribute(b *strings.Builder, indent, key string, value json.RawMessage) {
	var list []json.RawMessage
	var inner map[string]json.RawMessage
	switch {
	case len(indent) < 8 && json.Unmarshal(value, &list) == nil && list != nil:
		fmt.Fprintf(b, "%s%s:\n", indent, key)
		for _, e := range list {
			fmt.Fprintf(b, "%s  - %s\n", indent, plainText(e))
		}
	case len(indent) < 8 && json.Unmarshal(value, &inner) == nil && inner != nil:
		fmt.Fprintf(b, "%s%s:\n", indent, key)
		for _, k := range slices.Sorted(maps.Keys(inner)) {
			writeAttribute(b, indent+"  ", k, inner[k])
		}
	default:
		fmt.Fprintf(b, "%s%s: %s\n", indent, key, plainText(value))
	}
}

// plainText returns a JSON value as a person would write it on a line.
func plainText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}
