// Package invariants_test holds the promises of the design, one test or more
// for each, and what bad input and faults must lead to. It sees only what a
// user sees.
package invariants_test

import (
	"testing"

	"github.com/holdfast-go/holdfast/internal/leaks"
)

func TestMain(m *testing.M) { leaks.Main(m) }
