package chaos_test

import (
	"fmt"
	"sync/atomic"
)

// ledger keeps its own account of every operation, with no help from the code
// under test.
type ledger struct {
	most    int32 // max_attempts
	entries []entry

	attempts, ended, double, over, late, overlapping, wrong atomic.Int64
}

// entry is one operation.
type entry struct {
	attempts  atomic.Int32
	running   atomic.Int32
	outcomes  atomic.Int32
	succeeded atomic.Bool // an attempt returned nil
	exited    atomic.Bool // an attempt called runtime.Goexit
	refused   atomic.Bool // the caller was told that it never ran
}

func newLedger(operations int, most int32) *ledger {
	return &ledger{most: most, entries: make([]entry, operations)}
}

// begin notes that an attempt of operation i starts, and gives its number.
func (l *ledger) begin(i int) int32 {
	e := &l.entries[i]
	l.attempts.Add(1)
	if e.running.Add(1) > 1 {
		l.overlapping.Add(1)
	}
	if e.succeeded.Load() {
		l.late.Add(1)
	}
	n := e.attempts.Add(1)
	if n > l.most {
		l.over.Add(1)
	}
	return n
}

// end notes that an attempt ends. It is called before it returns, panics or
// exits.
func (l *ledger) end(i int, succeeded, exited bool) {
	e := &l.entries[i]
	if succeeded {
		e.succeeded.Store(true)
	}
	if exited {
		e.exited.Store(true)
	}
	e.running.Add(-1)
}

// outcome is what a caller was told of its operation.
type outcome struct {
	value   int
	err     error
	refused bool // it says that nothing ran
	exited  bool // the calling goroutine was ended
	left    bool // the caller's context may have ended before
}

// settle notes the outcome of operation i.
func (l *ledger) settle(i int, o outcome) {
	e := &l.entries[i]
	l.ended.Add(1)
	if e.outcomes.Add(1) > 1 {
		l.double.Add(1)
		return
	}
	e.refused.Store(o.refused)
	switch {
	case o.exited:
		if !e.exited.Load() {
			l.wrong.Add(1)
		}
	case o.err == nil:
		if !e.succeeded.Load() || o.value != i {
			l.wrong.Add(1)
		}
	case e.succeeded.Load() && !o.left:
		l.wrong.Add(1)
	}
}

// close looks at what only shows at the end, when nothing runs any more, and
// gives the number of operations without outcome.
func (l *ledger) close() (lost int) {
	for i := range l.entries {
		e := &l.entries[i]
		if e.outcomes.Load() == 0 {
			lost++
		}
		if e.running.Load() != 0 {
			l.overlapping.Add(1)
		}
		if e.refused.Load() && e.attempts.Load() > 0 {
			l.wrong.Add(1)
		}
	}
	return lost
}

// verdict is the one line that sums up.
func (l *ledger) verdict(kills int64, lost int) string {
	return fmt.Sprintf("%d operations, %d attempts, %d worker kills: %d lost, %d double, %d over max_attempts, %d run after success",
		len(l.entries), l.attempts.Load(), kills, lost, l.double.Load(), l.over.Load(), l.late.Load())
}
