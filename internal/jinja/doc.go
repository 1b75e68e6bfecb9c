// Package jinja evaluates the Jinja template language as playbooks use it: the
// language of Python's Jinja2 3.1 with the filters, tests, lookups and printing
// rules that Ansible adds. It runs on the controller.
//
// Text is parsed once and evaluated often. Only text that the operator wrote
// becomes a template; a value that merely contains "{{" is data and is never
// evaluated. The package does no input or output of its own: files, commands and
// the clock come in through Env. Evaluation never panics, is bounded in depth,
// output size and work, and stops when its context is cancelled.
//
// Where Jinja2 and Ansible differ, Ansible counts: none prints as nothing, a
// template file keeps its line end, a variable that refers to something undefined
// is undefined itself.
//
// Lists are values: a method that changes one (append, sort, pop…) changes the
// place that it is called on, be it a name, an attribute or an item, and no other
// name for the same list. Variables are shared between hosts and never changed: a
// template that changes one works on its own copy.
//
// Refused, each by name: integers beyond 64 bits, conditional groups in regular
// expressions, and the filters that need more than Jinja and ansible-core
// (json_query, ipaddr and their relatives). There is no automatic escaping and no
// type for escaped text. Random choices with a seed are stable, but not Python's.
package jinja
