// Package inventory reads the machines of the fleet: YAML, TOML and INI inventories,
// what inventory scripts print, constructed inventories, folders of all these and
// comma lists of hosts, with the group_vars and host_vars beside them; it answers
// host patterns. It runs on the controller. It evaluates nothing itself: variables
// stay YAML nodes, and the expressions of constructed inventories are the Evaluator's.
// It runs no plugins in Python.
package inventory
