// Package docs holds the documentation, for the program to show.
package docs

import "embed"

// Files are the pages, by their paths below this directory.
//
//go:embed *.md adr/*.md connectors/*.md connectors/recipes/*.md destinations/*.md
var Files embed.FS
