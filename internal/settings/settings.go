// Package settings makes the JSON schema of the configuration and the page of
// the documentation that lists every setting. Both come from the structs in
// package policies: their types, tags and defaults, and their comments. The
// names of error conditions come from package classify.
package settings

import "path/filepath"

//go:generate go run ./generate ../..

// Command, given in the root of the module, writes the files anew.
const Command = "go generate ./internal/settings"

// File is a generated file.
type File struct {
	// Path is relative to the root of the module, with slashes.
	Path    string
	Content []byte
}

// Generate makes the files of the module with that root. It reads the Go files
// of these packages there for their comments, and writes nothing. The error
// says which comment or file is at fault.
func Generate(root string) ([]File, error) {
	from, err := readGo(filepath.Join(root, "policies"))
	if err != nil {
		return nil, err
	}
	blocks, err := blocksOf(from)
	if err != nil {
		return nil, err
	}
	families, err := familiesOf(filepath.Join(root, "policies", "classify"))
	if err != nil {
		return nil, err
	}
	schema, err := schemaOf(blocks, families)
	if err != nil {
		return nil, err
	}
	page, err := pageOf(blocks, families)
	if err != nil {
		return nil, err
	}
	return []File{
		{Path: "docs/holdfast.schema.json", Content: schema},
		{Path: "docs/settings.md", Content: page},
	}, nil
}
