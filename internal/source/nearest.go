package source

import "fleet/internal/nearest"

// DidYouMean returns the hint `did you mean "x"?` for the known name that is
// nearest to name, or "" where none is near.
func DidYouMean(name string, known []string) string { return nearest.DidYouMean(name, known) }
