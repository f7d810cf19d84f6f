package chaos_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// Broken: the ledger overlooks what it is there to find, and the chaos test
// proves nothing.
func TestLedger_FindsEachViolation(t *testing.T) {
	fine := func(l *ledger) { l.begin(0); l.end(0, true, false); l.settle(0, outcome{value: 0}) }
	for name, c := range map[string]struct {
		do   func(l *ledger)
		seen func(l *ledger) int64
	}{
		"lost":          {func(l *ledger) { l.begin(0); l.end(0, true, false) }, func(l *ledger) int64 { return int64(l.close()) }},
		"double":        {func(l *ledger) { fine(l); l.settle(0, outcome{value: 0}) }, func(l *ledger) int64 { return l.double.Load() }},
		"too many":      {func(l *ledger) { l.begin(0); l.end(0, false, false); l.begin(0); l.end(0, false, false); fine(l) }, func(l *ledger) int64 { return l.over.Load() }},
		"late":          {func(l *ledger) { fine(l); l.begin(0) }, func(l *ledger) int64 { return l.late.Load() }},
		"two at once":   {func(l *ledger) { l.begin(0); l.begin(0) }, func(l *ledger) int64 { return l.overlapping.Load() }},
		"still running": {func(l *ledger) { l.begin(0) }, func(l *ledger) int64 { l.close(); return l.overlapping.Load() }},
		"refused but ran": {func(l *ledger) {
			l.begin(0)
			l.end(0, false, false)
			l.settle(0, outcome{err: errPlain, refused: true})
		},
			func(l *ledger) int64 { l.close(); return l.wrong.Load() }},
		"success that never was": {func(l *ledger) { l.begin(0); l.end(0, false, false); l.settle(0, outcome{}) }, func(l *ledger) int64 { return l.wrong.Load() }},
		"success that was withheld": {func(l *ledger) { l.begin(0); l.end(0, true, false); l.settle(0, outcome{err: errors.New("x")}) },
			func(l *ledger) int64 { return l.wrong.Load() }},
		"another's value":   {func(l *ledger) { l.begin(0); l.end(0, true, false); l.settle(0, outcome{value: 1}) }, func(l *ledger) int64 { return l.wrong.Load() }},
		"ended for nothing": {func(l *ledger) { l.settle(0, outcome{exited: true}) }, func(l *ledger) int64 { return l.wrong.Load() }},
	} {
		l := newLedger(1, 2)
		c.do(l)
		require.Positive(t, c.seen(l), name)
	}
	l := newLedger(1, 2)
	fine(l)
	require.Zero(t, l.close())
	require.Zero(t, l.double.Load()+l.over.Load()+l.late.Load()+l.overlapping.Load()+l.wrong.Load())
	require.Equal(t, "1 operations, 1 attempts, 0 worker kills: 0 lost, 0 double, 0 over max_attempts, 0 run after success", l.verdict(0, 0))
}
