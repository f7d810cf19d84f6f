package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Broken: a size with which nothing can be measured divides by zero, or measures
// nothing and says that all is well.
func TestSizes(t *testing.T) {
	good := sizes{inFlight: 1, targets: 1, lasting: 1}
	require.NoError(t, good.valid(nil))
	require.ErrorContains(t, good.valid([]string{"isolation"}), `"isolation" is no flag`)
	for says, s := range map[string]sizes{
		"-inflight is 0": {targets: 1, lasting: 1},
		"-targets is -1": {inFlight: 1, targets: -1, lasting: 1},
		"-for is -1s":    {inFlight: 1, targets: 1, lasting: -time.Second},
	} {
		require.ErrorContains(t, s.valid(nil), says)
	}
}
