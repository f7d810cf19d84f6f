package model_test

import (
	"math"
	"time"

	"github.com/holdfast-go/holdfast/policies/breaker"
)

// ramp is the way from half-open to full load. R19
type ramp struct {
	on          bool
	began       time.Time
	length      time.Duration
	first, most int
	reached     int
	running     int
	waits       bool // somebody was refused since the last step
}

func (p *ramp) until() time.Time { return p.began.Add(p.length) }

// step is when the limit becomes n: the time at which first*(most/first)^share
// is n.
func (p *ramp) step(n int) time.Time {
	share := math.Log(float64(n)/float64(p.first)) / math.Log(float64(p.most)/float64(p.first))
	return p.began.Add(time.Duration(math.Ceil(share * float64(p.length))))
}

// limit counts up from the bottom. It is never less than what was reached.
func (p *ramp) limit(now time.Time) int {
	if p.reached >= p.most {
		return p.reached
	}
	if !now.Before(p.until()) {
		return p.most
	}
	n := p.first
	for n < p.most && !p.step(n+1).After(now) {
		n++
	}
	return max(n, p.reached)
}

// ramp follows the present generation from its beginning.
func (r *reference) ramp() (p ramp) {
	e := r.last(changed)
	if e == nil || !e.ramps {
		return p
	}
	for i := range r.history {
		if &r.history[i] == e {
			break
		}
		switch h := &r.history[i]; h.kind {
		case made, configured, restored:
			p.length, p.first = h.settings.Ramp, h.settings.HalfOpenMaxCalls
		case sized:
			p.most = h.n // and told again after each restored, or there is no ramp
		}
	}
	p.on, p.began, p.reached = true, e.at, p.first
	for _, e := range r.since() {
		switch e.kind {
		case let:
			p.reached = p.limit(e.at)
			p.running++
		case refused:
			p.reached = p.limit(e.at)
			p.waits = true
		case stepped:
			p.reached = p.limit(e.at)
			p.waits = false
		case ended:
			if e.permit.Ramp {
				p.running--
			}
		case configured:
			p.length = e.settings.Ramp
		case sized:
			p.most = e.n
		case rampOver, restored:
			return ramp{}
		}
	}
	return p
}

// next is when a ramp has to be ticked: at its next step if somebody waits for
// it, else at its end.
func (p *ramp) next() time.Time {
	if p.waits && p.reached < p.most {
		return p.step(p.reached + 1)
	}
	return p.until()
}

// fitRamp ends a ramp that the settings or the capacity have no room for. R18
func (r *reference) fitRamp(now time.Time) {
	if p := r.ramp(); p.on && (r.settings().Ramp == 0 || r.capacity() <= p.first) {
		r.note(event{kind: rampOver, at: now})
	}
}

func (r *reference) setCapacity(now time.Time, n int) {
	r.note(event{kind: sized, at: now, n: n})
	r.fitRamp(now)
}

// ramps says whether a recovery begins a ramp.
func (r *reference) ramps() bool {
	s := r.settings()
	return r.state() == breaker.HalfOpen && s.Ramp > 0 && r.capacity() > s.HalfOpenMaxCalls
}
