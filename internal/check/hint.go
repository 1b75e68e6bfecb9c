package check

import "fleet/internal/jinja"

// elsewhere are names that other languages have, and what stands for them here.
var elsewhere = map[string]string{
	"always": `for every time write true`, "never": `for no time write false`, "no": `write false`, "yes": `write true`, "off": `write false`, "on": `write true`,
	"null": `write none`, "nil": `write none`, "NULL": `write none`, "undefined": `write "is not defined"`,
	"len": `write "x | length"`, "str": `write "x | string"`, "int": `write "x | int"`, "float": `write "x | float"`, "bool": `write "x | bool"`,
	"sorted": `write "x | sort"`, "max": `write "x | max"`, "min": `write "x | min"`, "sum": `write "x | sum"`, "join": `write "x | join(',')"`,
	"isinstance": `write "x is string", or another test`, "type": `write "x | type_debug"`, "env": `write "lookup('env', 'NAME')"`,
}

// hintFor is the hint for a name that nothing sets, which near is the hint for if
// there is one that is alike.
func hintFor(r jinja.Ref, near string) string {
	switch hint, known := elsewhere[r.Name]; {
	case known:
		return hint
	case near != "" || !r.Word:
		return near
	}
	return "put it in quotes if it is a text: '" + r.Name + "'"
}
