// Package leaks fails a package's tests if a goroutine outlives them.
package leaks

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests and exits; it is what TestMain calls. The engine's dead
// letters keep a goroutine for up to a second, longer than one look of goleak
// takes, so it looks again a few times.
func Main(m *testing.M) {
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
