// Package jinja evaluates the Jinja template language as playbooks use it: the
// language of Python's Jinja2 3.1 with the filters, tests, lookups and printing
// rules that Ansible adds. It runs on the controller.
//
// Text is parsed once and evaluated often. Only text that the operator wrote
// becomes a template; a value that merely contains "{{" is data and is never
// evaluated. The package does no input or output of its own: files, commands and
// the clock come in through Env. Evaluation never panics, is bounded in depth,
// output, work and memory, and stops when its context is cancelled.
//
// Where Jinja2 and Ansible differ, Ansible counts: none prints as nothing, a
// template file keeps its line end, a variable that refers to something undefined
// is undefined itself, a template included without context sees no variables. The
// tests compare some 32,000 expressions, 800 texts under jinja2_native and 870
// templates with ansible-core; where one differs, testdata/oracle/differences.txt
// gives the reason.
//
// Lists and dictionaries are objects while a template runs: a method that changes
// one (append, update, pop…) changes it under all its names. Variables are shared
// between hosts and never changed: what a template changes, it sees changed, and
// nobody else does.
//
// Refused, each by name: bytes, automatic escaping, lipsum(). There is no type for
// escaped text, and a range is a list. A list that holds itself cannot be printed.
package jinja
