// Package archives holds the modules that pack files and unpack them. It runs on the
// target.
package archives
