package load_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/load"
)

// realistic is an agent's configuration with twenty targets.
func realistic(b *testing.B) string {
	b.Helper()
	agent, err := os.ReadFile("testdata/agent_config.json")
	require.NoError(b, err)
	targets := make([]string, 20)
	for i := range targets {
		targets[i] = fmt.Sprintf(`    "target_%d": {
      "type": "api",
      "retry_policy": {"max_attempts": %d, "min_wait": 0.5, "max_wait": 20, "when_open": "park"},
      "circuit_breaker": {"failure_threshold": 3, "recovery_timeout": 30.0, "failure_rate": 0.5},
      "pool": {"workers": 64}
    }`, i, 2+i)
	}
	whole := strings.TrimRight(string(agent), "}\n ") + "\n  },\n  \"targets\": {\n" + strings.Join(targets, ",\n") + "\n  }\n}\n"
	path := filepath.Join(b.TempDir(), "agent_config.json")
	require.NoError(b, os.WriteFile(path, []byte(whole), 0o600))
	return path
}

// BenchmarkLoad reads and resolves a realistic file of 20 targets. The promise
// is less than 1 ms.
func BenchmarkLoad(b *testing.B) { benchmark(b, realistic(b), 24) }

// BenchmarkLoad5000 reads and resolves a file of 5,000 targets. The promise is
// less than 50 ms.
func BenchmarkLoad5000(b *testing.B) {
	targets := make([]string, 5_000)
	for i := range targets {
		targets[i] = fmt.Sprintf(`    "tenant_%d": {"type": "api", "retry_policy": {"max_attempts": %d, "max_wait": 20}, "circuit_breaker": {"failure_threshold": 3}}`, i, 2+i%9)
	}
	path := filepath.Join(b.TempDir(), "agent_config.json")
	whole := "{\n  \"targets\": {\n" + strings.Join(targets, ",\n") + "\n  }\n}\n"
	require.NoError(b, os.WriteFile(path, []byte(whole), 0o600))
	benchmark(b, path, 5_004)
}

func benchmark(b *testing.B, path string, targets int) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		set, err := load.Load(load.File(path))
		if err != nil || set.Len() != targets {
			b.Fatal(set, err)
		}
	}
}
