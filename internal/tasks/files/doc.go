// Package files holds the modules about files and what is in them. It runs on
// the target. It never writes a file in place: a new one is written beside the
// old one and renamed.
package files
