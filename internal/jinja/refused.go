package jinja

import (
	"strings"

	"fleet/internal/source"
)

// refused are filters that people know and that are left out, with the way around.
var refused = map[string]string{
	"cidr_merge":          "write the networks as they are to be: the filters for addresses are in docs/ansible.md",
	"consolidate":         "use combine, groupby and a loop in a template",
	"fact_diff":           "compare with ==, or look at symmetric_difference",
	"from_toml":           "keep the data as YAML or JSON: from_yaml, from_json",
	"from_xml":            "parse the text with regex_findall, or run xmllint",
	"hashids_decode":      "run the program hashids with lookup('pipe', …)",
	"hashids_encode":      "use hash or to_uuid where any stable id will do",
	"jc":                  "many programs write JSON themselves (ip -j, lsblk -J): from_json; else run the program jc",
	"json_diff":           "compare with ==, or look at symmetric_difference",
	"json_patch":          "use combine with recursive=true",
	"parse_cli":           "use regex_findall",
	"parse_cli_textfsm":   "use regex_findall",
	"parse_xml":           "parse the text with regex_findall",
	"reveal_ansible_type": "use type_debug",
	"slaac":               "write the address as a variable",
	"to_prettytable":      "write the table in a template: format and ljust align the columns",
	"to_toml":             "write the text in a template",
	"to_xml":              "write the text in a template",
	"unicode_normalize":   "run uconv with lookup('pipe', …)",
	"usable_range":        "ipaddr('range_usable') gives the first and the last address, nthhost each one",
	"validate":            "use the module assert, or argument_specs of a role",
	"xml_to_json":         "parse the text with regex_findall",
}

// ownProgram is the way around lookups that ask a service.
const ownProgram = "ask the service with its own program: lookup('pipe', 'PROGRAM …')"

// refusedLookups are the same for lookups.
var refusedLookups = map[string]string{
	"aws_secret": ownProgram, "aws_ssm": ownProgram, "bitwarden": ownProgram, "consul_kv": ownProgram, "credstash": ownProgram, "etcd": ownProgram,
	"etcd3": ownProgram, "hashi_vault": ownProgram, "hiera": ownProgram, "k8s": ownProgram, "keyring": ownProgram, "lastpass": ownProgram,
	"onepassword": ownProgram, "redis": ownProgram, "vault_kv2_get": ownProgram,
	"binary_file":   "for text write lookup('file', …) | b64encode; the module slurp reads any file",
	"dependent":     "what a text evaluates to is not known before: loop over product() or subelements(), or over a list that a template makes with {% for %}",
	"dig":           "lookup('pipe', 'dig +short NAME') asks the name server",
	"dnstxt":        "lookup('pipe', 'dig +short TXT NAME') asks the name server",
	"passwordstore": "lookup('pipe', 'pass show NAME') reads the store, lookup('password', …) makes and keeps a password",
	"random_pet":    "use random_string, or random on a list of words",
	"random_words":  "use random_string, or random on a list of words",
}

// LookupHint is the hint where a lookup is asked for that there is not: the nearest
// of those that are known, or the way around.
func LookupHint(name string, known []string) string {
	if why, ok := refusedLookups[name[strings.LastIndexByte(name, '.')+1:]]; ok {
		return why
	}
	return source.DidYouMean(name, known)
}
