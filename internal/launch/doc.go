// Package launch starts the helper on a machine: over anything that runs a
// command line and has its three streams, it starts the cached helper or pushes
// it first, as the user who logged in or through sudo, su or doas. It runs on
// the controller. It refuses to run a helper from a folder that belongs to
// someone else, and it never puts a password into an argument.
package launch
