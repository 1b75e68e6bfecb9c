// Package network holds the modules that wait for the network, and that say what
// may pass. It runs on the target.
package network
