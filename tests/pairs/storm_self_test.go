package pairs_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, the ledger overlooks what it is there to find, and the storm proves
// nothing.
func TestLedger_FindsEachViolation(t *testing.T) {
	refusal := &supervisor.RejectedError{Target: "x", Err: supervisor.ErrOverloaded}
	for name, c := range map[string]struct {
		do   func(l *ledger)
		seen func(l *ledger) int64
	}{
		"lost":      {func(*ledger) {}, func(l *ledger) int64 { return int64(l.lost()) }},
		"double":    {func(l *ledger) { l.settle(0, 0, errPlain); l.settle(0, 0, errPlain) }, func(l *ledger) int64 { return l.double.Load() }},
		"late":      {func(l *ledger) { l.settle(0, 0, errPlain); l.begin(bg, 0, front) }, func(l *ledger) int64 { return l.late.Load() }},
		"never ran": {func(l *ledger) { l.settle(0, 0, nil) }, func(l *ledger) int64 { return l.wrong.Load() }},
		"another's": {func(l *ledger) { l.entries[0].well.Store(true); l.settle(0, 1, nil) }, func(l *ledger) int64 { return l.wrong.Load() }},
		"ran though refused": {func(l *ledger) { l.begin(bg, 0, back); l.settle(0, 0, refusal) },
			func(l *ledger) int64 { return l.refusedThoughItRan.Load() }},
		"too many": {func(l *ledger) {
			for range mostAttempts + 1 {
				l.begin(bg, 0, middle)
			}
		}, func(l *ledger) int64 { return l.over.Load() }},
	} {
		l := &ledger{entries: make([]entry, 1)}
		c.do(l)
		require.Positive(t, c.seen(l), name)
	}
	l := &ledger{entries: make([]entry, 1)}
	l.begin(bg, 0, front)
	l.entries[0].well.Store(true)
	l.settle(0, 0, nil)
	over, cancel := context.WithCancel(bg)
	cancel()
	l.begin(over, 0, front) // the hedge of a race that is over
	require.Zero(t, int64(l.lost())+l.double.Load()+l.over.Load()+l.late.Load()+l.wrong.Load()+l.refusedThoughItRan.Load())
}
