// Package commands holds the modules that run what the playbook says: command,
// shell and script. It runs on the target. It alone builds command lines for a
// shell, out of what the playbook's author wrote.
package commands
