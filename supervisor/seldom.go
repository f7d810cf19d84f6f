package supervisor

import "sync/atomic"

// seldom is what most targets have no use for, and idle ones should not have to
// carry. A target has it from when it is first needed.
type seldom struct {
	outlook outlook
	delays  delays // before an attempt is hedged

	hedges    atomic.Uint64 // attempts begun beside another
	hedgesWon atomic.Uint64 // of these, the ones that brought the outcome
	abandoned atomic.Uint64 // attempts left behind
	left      atomic.Int64  // of these, the ones whose functions still run
	skipped   atomic.Uint64 // retries not made because they would hardly succeed
	fallbacks atomic.Uint64 // operations that went on elsewhere
	overspent atomic.Uint64 // retries and hedges not made for want of a budget
	inBackoff atomic.Int64
	parked    atomic.Int64
	queued    atomic.Int64

	lateFailures atomic.Uint64 // after their operation had succeeded

	probe atomic.Pointer[ProbeSnapshot] // nil without [WithProbe]
	// What its attempts cost, and of that, the ones that failed.
	spent, burned cost
	injected      injections
}

// seldom gives what the target has of that kind, to change it.
func (t *Target) seldom() *seldom {
	if m := t.more.Load(); m != nil {
		return m
	}
	t.more.CompareAndSwap(nil, &seldom{})
	return t.more.Load()
}

// known is seldom to read it.
func (t *Target) known() *seldom {
	if m := t.more.Load(); m != nil {
		return m
	}
	return &seldom{}
}
