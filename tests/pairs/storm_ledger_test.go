package pairs_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/holdfast-go/holdfast/supervisor"
)

// mostAttempts is max_attempts of every target, whatever the reloads say.
const mostAttempts = 4

// ledger keeps its own account of every operation, with no help from the code
// under test.
type ledger struct {
	entries []entry

	attempts, succeeded, failed, refused          atomic.Int64
	double, over, late, wrong, refusedThoughItRan atomic.Int64
}

// entry is one operation.
type entry struct {
	attempts [stormTargets]atomic.Int32
	outcomes atomic.Int32
	settled  atomic.Bool
	well     atomic.Bool // an attempt returned without an error
	resorted atomic.Bool // its own fallback was called
}

// begin notes that an attempt starts, and gives its number over all targets. One
// that begins when the operation has its outcome must see that its context has
// ended: it is the hedge of a race that is over, or was left behind before it
// came to run.
func (l *ledger) begin(ctx context.Context, i, target int) int {
	e := &l.entries[i]
	l.attempts.Add(1)
	if e.settled.Load() && ctx.Err() == nil {
		l.late.Add(1)
	}
	if e.attempts[target].Add(1) > mostAttempts {
		l.over.Add(1)
	}
	n := 0
	for t := range e.attempts {
		n += int(e.attempts[t].Load())
	}
	return n
}

// settle notes the outcome of operation i.
func (l *ledger) settle(i, value int, err error) {
	e := &l.entries[i]
	if e.outcomes.Add(1) > 1 {
		l.double.Add(1)
		return
	}
	e.settled.Store(true)
	ran := false
	for t := range e.attempts {
		ran = ran || e.attempts[t].Load() > 0
	}
	switch {
	case err == nil:
		l.succeeded.Add(1)
		if value != i || !e.well.Load() && !e.resorted.Load() {
			l.wrong.Add(1)
		}
	case neverRan(err):
		l.refused.Add(1)
		if ran {
			l.refusedThoughItRan.Add(1)
		}
	default:
		l.failed.Add(1)
	}
}

// neverRan reads an error as a caller does.
func neverRan(err error) bool {
	var exhausted *supervisor.ExhaustedError
	var elsewhere *supervisor.FallbackError
	if errors.As(err, &exhausted) || errors.As(err, &elsewhere) {
		return false
	}
	var rejected *supervisor.RejectedError
	return errors.As(err, &rejected) || errors.Is(err, supervisor.ErrOpen)
}

func (l *ledger) lost() (n int) {
	for i := range l.entries {
		if l.entries[i].outcomes.Load() == 0 {
			n++
		}
	}
	return n
}

func (l *ledger) String() string {
	return fmt.Sprintf("%d operations, %d attempts: %d succeeded, %d failed, %d refused; %d lost, %d double, %d over max_attempts, "+
		"%d begun after the outcome, %d of another's value, %d refused though they ran",
		len(l.entries), l.attempts.Load(), l.succeeded.Load(), l.failed.Load(), l.refused.Load(), l.lost(), l.double.Load(),
		l.over.Load(), l.late.Load(), l.wrong.Load(), l.refusedThoughItRan.Load())
}
