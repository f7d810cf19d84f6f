package breaker

import (
	"math"
	"time"
)

// ramp is the way from half-open back to full load: a limit on the calls that
// run at a time, which grows from first at its beginning to most at its end:
//
//	limit(t) = floor(first * (most/first) ^ (t/length))
//
// It bounds concurrency and not a share of the calls, as load balancers' slow
// start does (Envoy, AWS ALB): they can send the rest elsewhere, whereas here
// a tenth of a stampede is one still. It doubles in equal times, as TCP's slow
// start does, since nobody knows what the target can stand: the workers are
// usually far more than it ever needs, and a straight line to them would pass
// that point in its first moments.
type ramp struct {
	began, until time.Time
	first, most  int
	// limit is what was reached so far, 0 when there is no ramp. It never
	// falls, also when the clock goes back.
	limit   int
	running int
	// short says that somebody was refused since the last step, and so has
	// to be told of the next.
	short bool
}

// Ramping tells whether the machine is closed and on its way back to full load.
func (m *Machine) Ramping() bool { return m.ramp.limit > 0 }

// RampLimit returns how many calls the ramp lets run at a time as of the last
// Admit or Tick, 0 if there is no ramp.
func (m *Machine) RampLimit() int { return m.ramp.limit }

// RampUntil returns when the ramp ends, zero if there is none.
func (m *Machine) RampUntil() time.Time { return m.ramp.until }

// Capacity returns what [Machine.SetCapacity] was last told.
func (m *Machine) Capacity() int { return m.capacity }

// SetCapacity says how many calls run at a time when nothing limits them, which
// is where a ramp ends. A ramp under way goes on towards it. Without it, or
// where it is no more than HalfOpenMaxCalls, there is no ramp.
func (m *Machine) SetCapacity(calls int) {
	m.capacity = calls
	m.fitRamp()
}

// recovered closes a half-open machine, with a ramp if the settings have one.
// The growth of the open time is over when the ramp is.
func (m *Machine) recovered(now time.Time, why Reason) Transition {
	reopens, probed := m.counts.Reopens, m.counts.LastTransition
	ramps := m.settings.Ramp > 0 && m.capacity > m.settings.HalfOpenMaxCalls
	m.outages.up(probed, ramps)
	t := m.letThrough(now, Closed, why)
	if ramps {
		m.counts.Reopens = reopens
		first := m.settings.HalfOpenMaxCalls
		m.ramp = ramp{began: now, until: now.Add(m.settings.Ramp), first: first, most: m.capacity, limit: first}
	}
	return t
}

func (m *Machine) admitRamp(now time.Time) (p Permit, ok bool) {
	r := &m.ramp
	r.limit = r.limitAt(now)
	if r.running >= r.limit {
		r.short = true
		m.counts.Rejected++
		return p, false
	}
	r.running++
	p.Generation = m.generation
	p.Ramp = true
	return p, true
}

// tickRamp makes the step that is due, or ends the ramp.
func (m *Machine) tickRamp(now time.Time) {
	if !now.Before(m.ramp.until) {
		m.endRamp()
		return
	}
	m.ramp.limit = m.ramp.limitAt(now)
	m.ramp.short = false
}

func (m *Machine) endRamp() {
	m.ramp = ramp{}
	m.counts.Reopens = 0
	m.outages.settled()
}

// fitRamp gives a ramp under way its new end.
func (m *Machine) fitRamp() {
	r := &m.ramp
	switch {
	case r.limit == 0:
	case m.settings.Ramp <= 0 || m.capacity <= r.first:
		m.endRamp()
	default:
		r.until, r.most = r.began.Add(m.settings.Ramp), m.capacity
	}
}

// end gives a call's place back.
func (r *ramp) end(p *Permit) {
	if p.Ramp && r.running > 0 {
		r.running--
	}
}

// next returns when the machine has to be ticked for the ramp: at its next
// step if that makes a difference to anybody, else at its end.
func (r *ramp) next() (time.Time, bool) {
	if r.short && r.limit < r.most {
		return r.at(r.limit + 1), true
	}
	return r.until, r.limit > 0
}

// at returns when the limit becomes n, from first+1 to most.
func (r *ramp) at(n int) time.Time {
	share := math.Log(float64(n)/float64(r.first)) / math.Log(float64(r.most)/float64(r.first))
	return r.began.Add(time.Duration(math.Ceil(share * float64(r.until.Sub(r.began)))))
}

// limitAt returns the limit as of now.
func (r *ramp) limitAt(now time.Time) int {
	switch {
	case r.limit >= r.most: // also where there is no ramp
		return r.limit
	case !now.Before(r.until):
		return r.most
	}
	// Reckoned, and then corrected by the times of the steps, so that the
	// two agree to the nanosecond.
	share := float64(now.Sub(r.began)) / float64(r.until.Sub(r.began))
	n := int(float64(r.first) * math.Pow(float64(r.most)/float64(r.first), share))
	n = min(max(n, r.limit), r.most)
	for n > r.limit && r.at(n).After(now) {
		n--
	}
	for n < r.most && !r.at(n+1).After(now) {
		n++
	}
	return n
}
