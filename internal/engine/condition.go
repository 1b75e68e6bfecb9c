package engine

import (
	"errors"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// holds returns whether a condition (when, until, changed_when, ...) is true.
func (e *Engine) holds(c *jinja.Context, n source.Node) (bool, error) {
	if !n.IsString() {
		v, err := jinja.Deep(c, e.Vars.Value(n))
		if err != nil {
			return false, err
		}
		return jinja.Truth(v)
	}
	text := n.Text()
	switch {
	case n.IsUnsafe(): // data: it is no expression
		return e.truth(c, n, false)
	case !jinja.IsTemplate(text):
		expr, err := e.exprs.get(n)
		if err != nil {
			return false, err
		}
		return expr.Truth(c)
	case strings.Contains(text, "{%") || strings.Contains(text, "{#"):
		return e.truth(c, n, false)
	}
	return e.holdsEmbedded(c, n)
}

// holdsEmbedded judges a condition with templates in it. Their values become parts
// of the expression where they are no more than names, literals, or text between
// quotes: what a target says never becomes an expression.
func (e *Engine) holdsEmbedded(c *jinja.Context, n source.Node) (bool, error) {
	parts, err := e.exprs.pieces(n)
	if err != nil {
		return false, err
	}
	if len(parts) == 1 && parts[0].expr != nil {
		v, err := parts[0].expr.Value(c)
		if err != nil {
			return false, err
		}
		if s, isText := v.(string); !isText || !isDotted(s) {
			return e.truth(c, n, false)
		} else if b, isBool := asBool(s); isBool {
			return b, nil
		}
	}
	var text strings.Builder
	var quote byte
	for _, p := range parts {
		if p.expr == nil {
			text.WriteString(p.text)
			quote = quoteAfter(p.text, quote)
			continue
		}
		v, err := p.expr.Value(c)
		if err != nil {
			return false, err
		}
		word, ok := embed(v, quote)
		if !ok {
			return false, n.Errorf("the value of {{ %s }} cannot be a part of a condition: %s", strings.TrimSpace(p.text), short(jinja.Repr(v))).
				WithHint("a condition is an expression already: write it without braces")
		}
		text.WriteString(word)
	}
	expr, err := jinja.ParseExpr(text.String(), n.TextPos())
	if err != nil {
		return false, err
	}
	return expr.Truth(c)
}

// piece is a part of a condition: plain text, or a template in it.
type piece struct {
	text string
	expr *jinja.Expr // nil: plain
}

// split finds the templates in a condition.
func split(text string, pos source.Pos) ([]piece, error) {
	var parts []piece
	text = strings.TrimSpace(text)
	for text != "" {
		open := strings.Index(text, "{{")
		if open < 0 {
			return append(parts, piece{text: text}), nil
		}
		if open > 0 {
			parts = append(parts, piece{text: text[:open]})
		}
		text = text[open+2:]
		inner, expr, err := upToEnd(text, pos)
		if err != nil {
			return nil, err
		}
		parts = append(parts, piece{inner, expr})
		text = text[len(inner)+2:]
	}
	return parts, nil
}

// upToEnd reads an expression that "}}" ends: the first one behind which there is
// a whole expression.
func upToEnd(text string, pos source.Pos) (string, *jinja.Expr, error) {
	err := errors.New(`"{{" without "}}"`)
	for at := 0; ; {
		end := strings.Index(text[at:], "}}")
		if end < 0 {
			return "", nil, source.Errorf(pos, "%w", err)
		}
		inner := text[:at+end]
		expr, perr := jinja.ParseExpr(strings.Trim(inner, " \t\n-"), pos)
		if perr == nil {
			return inner, expr, nil
		}
		err, at = perr, at+end+1
	}
}

// embed returns how a value is written inside of an expression, between quotes of
// this kind or, with 0, outside of quotes.
func embed(v any, quote byte) (string, bool) {
	s, isText := v.(string)
	switch {
	case quote != 0:
		return escape(jinja.Str(v), quote), true
	case !isText:
		return jinja.Repr(v), true
	}
	return s, isDotted(s) || isLiteral(s)
}

// isLiteral reports whether the text is one text between quotes, and nothing else.
func isLiteral(s string) bool {
	if len(s) < 2 || s[0] != '\'' && s[0] != '"' {
		return false
	}
	inner, ended := strings.CutSuffix(s[1:], s[:1])
	return ended && !strings.ContainsAny(inner, s[:1]+"\\\n")
}

func escape(s string, quote byte) string {
	return strings.NewReplacer(`\`, `\\`, string(quote), `\`+string(quote), "\n", `\n`).Replace(s)
}

// isDotted reports whether the text is a name, a name's attribute, or a number.
func isDotted(s string) bool {
	for _, r := range s {
		if r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return s != ""
}

// quoteAfter returns the quote that is open behind a text, where one was before it.
func quoteAfter(text string, quote byte) byte {
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case quote != 0 && b == '\\':
			i++
		case quote == b:
			quote = 0
		case quote == 0 && (b == '"' || b == '\''):
			quote = b
		}
	}
	return quote
}
