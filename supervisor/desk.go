package supervisor

import "time"

// desk is what a target's supervisor has on its hands. A target that nobody calls
// has nothing there: its supervisor goes without one until it hears of something.
type desk struct {
	queue   queue    // waiting for a worker, or for their turn
	parked  line     // waiting for the breaker
	backoff backoffs // waiting for time to pass, and those in a line that may not wait for ever
	alarm   *time.Timer
	alarmAt time.Duration // on the supervisor's clock, zero if it is not set

	pace pacer // says when the next attempt may begin

	foremost  *operation // of the parked ones, if it waits for a worker
	releasing bool

	lent         map[*operation]*worker // by whose attempt they were lent within
	parkedNested int                    // operations in the park line that might be lent one
	nested       int                    // operations in the queue that might be lent one

	left     int           // attempts left behind whose functions still run
	asked    int           // operations with a question to the breaker
	restarts restartWindow // recent restarts
	unable   error         // why it could not be started
	report   *time.Timer

	shed        shed      // operations refused for want of room
	overspent   overspent // retries not made for want of a budget
	limitReport *time.Timer

	held []heldMessage // while it is sealing
}

// sitDown makes sure of a desk. Whatever the engine calls begins with it.
func (a *targetActor) sitDown() {
	if a.desk == nil {
		a.desk = &desk{}
	}
}

// standUp lets go of a desk on which there is nothing.
func (a *targetActor) standUp() {
	if a.rest == awake && !a.down && a.refused.Load() == 0 && a.desk.empty(time.Now()) {
		a.desk = nil
	}
}

// empty says whether nothing is lost with the desk, and no timer of it runs.
func (d *desk) empty(now time.Time) bool {
	return d.queue.n == 0 && d.parked.n == 0 && len(d.backoff) == 0 && d.alarmAt == 0 &&
		d.pace.limiter == nil && d.pace.due.IsZero() && !d.pace.until.After(now) &&
		d.foremost == nil && !d.releasing && len(d.lent) == 0 && d.left == 0 && d.asked == 0 &&
		len(d.restarts.times) == 0 && d.unable == nil && len(d.shed.untold) == 0 && !d.shed.waits &&
		d.overspent.count == 0 && !d.overspent.quiet && d.limitReport == nil && len(d.held) == 0
}

// ease: nobody has called for some time. The idle workers go, unless they may hold
// a state that is costly to make: another is started when it is needed, within
// some microseconds.
type ease struct{}

func (a *targetActor) ease() {
	if a.rest != awake || a.down {
		return
	}
	if a.factory == nil {
		for _, w := range a.pool.dismiss() {
			w.ref.Stop()
		}
	}
	a.eased = true
}

// dismiss lets no idle worker be used again, and returns them, which are to be
// stopped.
func (p *pool) dismiss() (idle []*worker) {
	p.lock()
	defer p.unlock()
	idle, p.spare = p.spare, nil
	p.each(func(l *lane) {
		idle = append(idle, l.idle...)
		l.idle = nil
	})
	for _, w := range idle {
		p.retireOne(w)
	}
	return idle
}
