// Package docs holds the pages that `fleet doc` shows.
package docs

import "embed"

//go:generate go run fleet/internal/moduledoc/gen

// Modules has a page for each module: modules/NAME.md, and modules/README.md
// that lists them.
//
//go:embed modules/*.md
var Modules embed.FS
