package scenarios

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	rewrite = flag.Bool("rewrite", false, "write what happens into the scenarios, for somebody to read the difference")
	plays   = flag.Int("scenarios.plays", 50, "how often a loose scenario is played")
)

// Broken: the supervisor does something else than tests/testdata says. If that
// is meant, go test ./tests/scenarios -rewrite writes down what it does now.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			script, err := ReadTranscript(file, string(text))
			require.NoError(t, err)
			require.NoError(t, script.Program.Valid())
			if script.Loose {
				house := NewHouse()
				for range *plays {
					_, wrong := house.Play(t, script.Program)
					require.Empty(t, wrong)
				}
				return
			}
			steps, wrong := Trace(t, script.Program)
			require.Empty(t, wrong)
			if *rewrite {
				require.NoError(t, os.WriteFile(file, []byte(script.Text(steps)), 0o644))
				return
			}
			require.Equal(t, string(text), script.Text(steps))
		})
	}
}
