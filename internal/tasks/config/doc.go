// Package config has the modules that edit files by their form: INI, XML, CSV,
// git's and ssh's configuration. It runs on the target. It changes the lines that
// are meant, and leaves the rest of a file as it was written.
package config
