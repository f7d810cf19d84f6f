// Package settings_test holds the JSON schema and the page of the settings to
// the structs they are made from, and to what loading really takes.
package settings_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/settings"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// root is the module's.
const root = "../.."

// read returns a file of the module.
func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	require.NoError(t, err)
	return data
}

// loadJSON loads what stands in a JSON file.
func loadJSON(data []byte) (*policies.Set, error) {
	return load.Load(load.Bytes("agent_config.json", load.JSON, data))
}

// If this fails, the schema or the page says something else than the structs.
func TestCommittedFilesAreCurrent(t *testing.T) {
	files, err := settings.Generate(root)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, f := range files {
		// Not assert.Equal: it would print a thousand lines.
		assert.True(t, string(read(t, f.Path)) == string(f.Content), "%s is not current; run: %s", f.Path, settings.Command)
	}
}
