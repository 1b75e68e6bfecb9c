// Package inventory reads the machines of the fleet: YAML, TOML and INI inventories,
// folders of them and comma lists of hosts, with the group_vars and host_vars
// beside them; it answers host patterns. It runs on the controller. It evaluates
// nothing: variables stay YAML nodes. It runs no inventory scripts or plugins.
package inventory
