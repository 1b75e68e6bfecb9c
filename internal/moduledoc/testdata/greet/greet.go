// Package greet is a module for the test.
package greet

// Greet says hello to people. It is polite
// over several lines.
//
// A second paragraph.
//
// Example:
//
//	# Greet everybody.
//	- greet:
//	    people:
//	      - name: world
var Greet = sys.Define(spec.Module{
	Name:  "greet",
	Names: []string{"test.greet"},
}, greet)

type greetArgs struct {
	// Whom to
	// greet.
	People []person `arg:"people,required" alias:"persons"`
	shared.Common
	Tone string `arg:"tone" choices:"warm,cold"` // How a|b.
}

type person struct {
	// What the person is called.
	Name string `arg:"name,required"`
	// A password.
	Key string `arg:"key,secret"`
}

type greetResult struct {
	// What was said.
	Said []string `json:"said"`
	// By whom.
	By    *speaker `json:"by,omitempty"`
	inner int
}

type speaker struct {
	// The speaker's name.
	Name string `json:"name"`
	// A speaker that spoke before.
	Before *speaker `json:"before"`
}

func greet(ctx context.Context, m *sys.Machine, a *greetArgs) (any, error) { return nil, nil }
