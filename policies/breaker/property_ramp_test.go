package breaker

import (
	"math"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// naiveRamp is a ramp that counts its limit up from the bottom each time, and
// its places from the permits that are out.
type naiveRamp struct {
	on          bool
	began       time.Time
	length      time.Duration
	first, most int
	reached     int
	waits       bool // somebody was refused since the last step
	reopens     int
}

func drawCapacity(t *rapid.T) int { return rapid.IntRange(0, 12).Draw(t, "capacity") }

// newProgram is about a new machine or, every other time, one that has just
// begun a ramp, which few programs would find their way to.
func newProgram(t *rapid.T) *program {
	p := &program{now: start, generation: 1}
	s, capacity := drawSettings(t), drawCapacity(t)
	ramps := rapid.Bool().Draw(t, "begins ramping")
	if ramps {
		s.Enabled, s.Ramp, s.SuccessThreshold = true, max(s.Ramp, 5*time.Second), 1
		capacity += s.HalfOpenMaxCalls + 1
	}
	p.m = New(s, p.now)
	p.m.SetCapacity(capacity)
	p.state = p.m.State()
	if !ramps {
		return p
	}
	for range rapid.IntRange(1, 3).Draw(t, "reopenings") {
		tr, changed := p.m.Trip(p.now, 0, ReasonRestartIntensity)
		p.happened(t, tr, changed)
		p.now, _ = p.m.NextTick()
		p.tick(t)
	}
	p.admit(t)
	permit := p.out[0]
	p.out = nil
	p.settleOne(t, permit, Attempt{Outcome: succeed})
	require.True(t, p.m.Ramping())
	return p
}

func (r *naiveRamp) end() { *r = naiveRamp{} }

// limit is how many may run, and the time at which it becomes one more.
func (r *naiveRamp) limit(now time.Time) (int, time.Time) {
	until := r.began.Add(r.length)
	for n := r.first; n < r.most; n++ {
		share := math.Log(float64(n+1)/float64(r.first)) / math.Log(float64(r.most)/float64(r.first))
		step := r.began.Add(time.Duration(math.Ceil(share * float64(r.length))))
		if step.After(now) && n >= r.reached && now.Before(until) {
			return n, step
		}
	}
	return max(r.most, r.reached), until
}

func (r *naiveRamp) running(p *program) (n int) {
	for _, permit := range p.out {
		if permit.Ramp && permit.Generation == p.generation {
			n++
		}
	}
	return n
}

// full is asked once for each Admit.
func (r *naiveRamp) full(p *program) bool {
	if !r.on {
		return false
	}
	r.reached, _ = r.limit(p.now)
	full := r.running(p) >= r.reached
	r.waits = r.waits || full
	return full
}

func (r *naiveRamp) transition(p *program, tr Transition) {
	reopens, s := r.reopens, p.m.Settings()
	// A wall whose end is known says nothing of the recovery.
	failed := tr.To == Open && (tr.From == HalfOpen || r.on) && tr.Wall.IsZero()
	recovered := tr.Reason == ReasonProbesSucceeded && s.Ramp > 0 && p.m.Capacity() > s.HalfOpenMaxCalls
	r.end()
	switch {
	case failed:
		r.reopens = reopens + 1
	case recovered:
		*r = naiveRamp{on: true, began: tr.At, length: s.Ramp, first: s.HalfOpenMaxCalls, reached: s.HalfOpenMaxCalls,
			most: p.m.Capacity(), reopens: reopens}
	case !tr.To.Admits(), tr.To == HalfOpen:
		r.reopens = reopens
	}
}

func (r *naiveRamp) tick(p *program, acts bool) {
	switch {
	case !r.on || !acts:
	case !p.now.Before(r.began.Add(r.length)):
		r.end()
	default:
		r.reached, _ = r.limit(p.now)
		r.waits = false
	}
}

func (r *naiveRamp) reload(p *program) {
	s := p.m.Settings()
	switch {
	case !r.on:
	case s.Ramp == 0 || p.m.Capacity() <= r.first:
		r.end()
	default:
		r.length, r.most = s.Ramp, p.m.Capacity()
	}
}

func (r *naiveRamp) check(t *rapid.T, p *program, c Counts) {
	require.Equal(t, r.on, p.m.Ramping())
	require.Equal(t, r.reopens, c.Reopens)
	if !r.on {
		require.Zero(t, c.RampLimit+c.RampRunning)
		require.Zero(t, c.RampUntil)
		return
	}
	require.Equal(t, Closed, p.state)
	until := r.began.Add(r.length)
	limit, step := r.limit(p.now)
	require.Equal(t, limit, c.RampLimit)
	require.Equal(t, r.running(p), c.RampRunning, "a place leaked, or was given back twice")
	require.Equal(t, until, c.RampUntil)
	require.False(t, p.m.SuccessesMayWait(), "a place would not be given back")
	next, due := p.m.NextTick()
	require.True(t, due, "the ramp would never end")
	require.False(t, next.After(until))
	if r.waits && next.After(p.now) {
		require.Equal(t, step, next, "who waits is not told of the next step")
	}
}
