// Package pairs_test names what happens where two policies meet, one test for
// each pair, and then runs all of them at once. It sees only what a user sees.
package pairs_test

import (
	"flag"
	"testing"

	"github.com/holdfast-go/holdfast/internal/leaks"
)

func TestMain(m *testing.M) {
	flag.Parse()
	leaks.Main(m)
}
