package reload_test

import (
	"context"
	"sync/atomic"

	"github.com/holdfast-go/holdfast/supervisor"
)

// operation is the test's own account of one operation.
type operation struct {
	s      *storm
	i      int64
	target string
	ctx    context.Context
	leave  context.CancelCauseFunc

	// low is the version that was in force for certain when the operation was
	// sent, high the latest that may have been when it was accepted.
	low  int64
	high atomic.Int64

	attempts, running atomic.Int64
	stamp             atomic.Int64
	torn              atomic.Bool // attempts saw different policies
	outcomes          atomic.Int64
	left              atomic.Bool // its caller left while it ran
	answer            chan error  // for one that goes by message

	nests   bool // its first attempt runs another operation
	leaves  int  // the attempt in which the caller leaves
	reloads int  // reloads to ask for in the first attempt
	waits   bool // until they are done
}

func (s *storm) newOperation(ctx context.Context, i int64, target string) *operation {
	op := &operation{s: s, i: i, target: target, low: s.applied.Load()}
	op.ctx, op.leave = context.WithCancelCause(ctx)
	op.high.Store(-1)
	return op
}

// accepted notes that the operation has its policy, unless that was known
// before.
func (op *operation) accepted() { op.high.CompareAndSwap(-1, op.s.begun.Load()) }

func (op *operation) fate(attempt int) *fault { return fateOf(op.s.seed, op.i, op.target, attempt) }

// run does one attempt.
func (op *operation) run(ctx context.Context) (int64, error) {
	op.accepted()
	n := int(op.attempts.Add(1))
	a, ok := supervisor.CurrentAttempt(ctx)
	switch {
	case op.running.Add(1) > 1:
		op.s.complain(&op.s.wrong, op, "two attempts at once")
	case op.outcomes.Load() > 0 && !op.left.Load():
		op.s.complain(&op.s.wrong, op, "an attempt after its outcome")
	case !ok, a.Number != n, a.Target != op.target:
		op.s.complain(&op.s.wrong, op, "attempt %d says of itself: %+v", n, a)
	}
	if !op.stamp.CompareAndSwap(0, int64(a.MaxAttempts)) && op.stamp.Load() != int64(a.MaxAttempts) {
		op.torn.Store(true)
	}
	if n == 1 {
		if op.nests {
			op.s.nested(ctx)
		}
		op.s.reload(op.reloads, op.waits)
	}
	f := op.fate(n)
	if f != nil {
		op.s.pace.wait()
	}
	op.running.Add(-1)
	if n == op.leaves {
		op.left.Store(true)
		op.leave(errWithdrawn)
	}
	if f != nil {
		return 0, f.end()
	}
	return op.i, nil
}

// settle takes in an outcome and compares the operation's course with what
// each of the versions says that could be its own.
func (op *operation) settle(value int64, err error) {
	op.leave(nil)
	s := op.s
	if op.outcomes.Add(1) > 1 {
		s.complain(&s.double, op, "a second outcome: %v", err)
		return
	}
	defer s.ended.Add(1)
	op.accepted() // at the latest
	if err == nil && value != op.i {
		s.complain(&s.wrong, op, "the value of another: %d", value)
	}
	attempts := int(op.attempts.Load())
	var last *fault
	if attempts > 0 {
		last = op.fate(attempts)
	}
	seen := observed(err, attempts, int(op.stamp.Load()), last)
	version, fits := op.fitting(seen, op.low, op.high.Load())
	switch {
	case op.torn.Load():
		s.complain(&s.mixed, op, "its attempts saw different policies: %+v", seen)
	case !fits:
		elsewhere, found := op.fitting(seen, 0, s.begun.Load())
		s.complain(&s.mixed, op, "fits no version from %d to %d: %+v %v (another one fits: %d %v)",
			op.low, op.high.Load(), seen, err, elsewhere, found)
	}
	if s.applied.Load() > op.high.Load() {
		s.crossed.Add(1)
	}
	if op.target == stamped && fits {
		s.total(rulesOf(s.seed, version, stamped), op, attempts)
	}
}

// fitting looks for a version under which the operation would have gone as it
// did.
func (op *operation) fitting(seen course, low, high int64) (version int64, found bool) {
	for v := low; v <= high; v++ {
		want := predict(rulesOf(op.s.seed, v, op.target), op.target, op.fate)
		if seen == want || op.left.Load() && cutShort(seen, want) {
			return v, true
		}
	}
	return 0, false
}

// cutShort says whether an operation went like another until its caller left.
func cutShort(seen, want course) bool {
	return seen.stamp == want.stamp && seen.attempts <= want.attempts &&
		(seen.ending != succeeded || want.ending == succeeded && seen.attempts == want.attempts)
}
