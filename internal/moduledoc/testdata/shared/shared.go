// Package shared is embedded by the test's module.
package shared

type Common struct {
	// How loud.
	Volume int `arg:"volume" default:"3"`
}
