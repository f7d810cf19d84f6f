// Package invariants_test holds the promises of the design, one test or more
// for each, and what bad input and faults must lead to. It sees only what a
// user sees.
package invariants_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the package if a goroutine outlives its tests. The engine's
// dead letters keep a goroutine for up to a second, longer than one look of
// goleak takes, so it looks again a few times.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		var err error
		for range 8 {
			if err = goleak.Find(); err == nil {
				break
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "goroutines leak:", err)
			code = 1
		}
	}
	os.Exit(code)
}
