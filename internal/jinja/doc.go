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
// Refused, each by name: Python regular expressions with constructs that cannot
// be bounded, integers beyond 64 bits, and the filters that need libraries
// outside of Jinja and ansible-core (json_query, ipaddr and their relatives).
package jinja
