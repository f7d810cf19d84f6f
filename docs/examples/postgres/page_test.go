package ledger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Broken, the page would show code that nobody has compiled or run.
func TestThePageShowsThisCode(t *testing.T) {
	page, err := os.ReadFile("../../databases.md")
	require.NoError(t, err)
	var sources strings.Builder
	for _, pattern := range []string{"*.go", "*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			sources.Write(text)
		}
	}
	shown := 0
	for _, block := range strings.Split(string(page), "\n```")[1:] {
		language, code, _ := strings.Cut(block, "\n")
		if language == "go" || language == "yaml" {
			require.Contains(t, sources.String(), code)
			shown++
		}
	}
	require.Equal(t, 6, shown)
}
