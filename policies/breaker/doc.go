// Package breaker is the state machine of a circuit breaker, complete and
// pure. It knows no clock, no randomness, no goroutine, no mutex and no
// logger: the time and a random number come in as arguments, permits,
// effects and transitions come out. Whoever owns a [Machine] keeps the timer,
// serialises the calls and tells others what changed.
//
//	m := breaker.New(policies.DefaultBreaker(), now)
//	permit, ok := m.Admit(now)
//	if !ok {
//		return refused(m.Until())
//	}
//	outcome, ran := call()
//	effect := m.Settle(later, rnd, permit, outcome, ran)
//
// The owner calls [Machine.Tick] no earlier than [Machine.NextTick] says, and
// asks again after each call that can change it: Admit, Settle, Tick and
// everything that returns a [Transition].
//
// Each transition begins a new generation. A permit of an earlier generation
// is stale: its outcome is counted as such and changes nothing else. That is
// why a call that was admitted before a trip can neither close the breaker,
// nor keep it open for longer, nor use up a probe's slot.
//
// A machine that closes after probing, and whose settings have a Ramp, is
// closed and ramping: it counts and trips as ever, but lets only so many calls
// run at a time, more and more until the ramp's end. A trip before that is a
// failed recovery, as one from half-open is. See [Machine.Ramping].
//
// The legal transitions:
//
//	closed         -> open        a threshold was met, a wall, or Trip
//	open           -> half_open   its time is over (Tick)
//	half_open      -> closed      enough probes succeeded
//	half_open      -> open        a probe failed or met a wall, its lease ran out,
//	                              or Trip
//	forced_open    -> half_open   its end, if it has one, has come (Tick)
//	any            -> forced_open, forced_closed, disabled, closed
//	                              ForceOpen, ForceClose, Disable, Reset
//	any            -> disabled    Configure switched the breaker off
//	disabled       -> closed      Configure switched it on
package breaker
