package supervisor

import (
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// pacer says when the target's next attempt may begin. The target's supervisor
// owns it.
type pacer struct {
	limiter *rate.Limiter // nil without a rate
	until   time.Time     // of a pause that the server asked for
	timer   *time.Timer
	due     time.Time // when timer fires, zero if it doesn't
	at      time.Time // when the next attempt may begin, as was last found
}

// follow takes over a policy. What was used of the old rate stays used.
func (p *pacer) follow(r policies.RateLimit, now time.Time) {
	switch {
	case r.Rate == 0:
		p.limiter = nil
	case p.limiter == nil:
		p.limiter = rate.NewLimiter(rate.Limit(r.Rate), r.Burst)
	default:
		p.limiter.SetLimitAt(now, rate.Limit(r.Rate))
		p.limiter.SetBurstAt(now, r.Burst)
	}
	if !r.ServerPacing {
		p.until = time.Time{}
	}
}

// active says whether there is anything to ask next for.
func (p *pacer) active() bool { return p.limiter != nil || !p.until.IsZero() }

// almost forgives what a sum of floats may lack of a whole token.
const almost = 1e-9

// next is when one more attempt may begin, besides so many that are about to.
// It is zero for now.
func (p *pacer) next(now time.Time, about int) time.Time {
	if p.until.After(now) {
		return p.until
	}
	p.until = time.Time{}
	if p.limiter == nil {
		return time.Time{}
	}
	missing := float64(1+about) - p.limiter.TokensAt(now)
	if missing <= almost {
		return time.Time{}
	}
	wait := math.Ceil(missing / float64(p.limiter.Limit()) * float64(time.Second))
	return now.Add(time.Duration(min(wait, math.MaxInt64/2)))
}

// begin counts an attempt.
func (p *pacer) begin() {
	if p.limiter != nil {
		p.limiter.ReserveN(time.Now(), 1)
	}
}

// paced says whether the next attempt has to wait for its turn, and sees that
// the queue is looked at when that comes.
func (a *targetActor) paced() bool {
	if !a.pace.active() {
		return false
	}
	now := time.Now()
	at := a.pace.next(now, a.asked)
	if at.IsZero() {
		a.holdPool() // a pause may be over
		return false
	}
	a.setPace(at, now)
	a.pace.at = at
	return true
}

func (a *targetActor) setPace(at, now time.Time) {
	if a.down || !a.pace.due.IsZero() && !at.Before(a.pace.due) {
		return
	}
	a.pace.due = at
	if a.pace.timer == nil {
		a.pace.timer = time.AfterFunc(at.Sub(now), func() { a.tell(turn{}) })
		return
	}
	a.pace.timer.Reset(at.Sub(now))
}

// awaitTurn has an operation wait for its turn, or refuses it. It follows paced.
func (a *targetActor) awaitTurn(op *operation) {
	p := a.policy.Load()
	now := time.Now()
	at := later(now, a.pace.at)
	if a.pace.limiter != nil {
		ahead := float64(a.queue.ahead(op)) / p.RateLimit.Rate * float64(time.Second)
		at = at.Add(time.Duration(min(ahead, math.MaxInt64/4)))
	}
	refusal := &RateLimitError{RetryAfter: at.Sub(now), Paused: a.pace.until.After(now)}
	deadline := op.course.deadline
	switch {
	case op.course.failures == 0 && !op.course.parked && p.RateLimit.WhenExceeded == policies.Refuse:
		a.reject(op, refusal)
	case deadline != 0 && a.sup.readingOf(at) >= deadline:
		a.reject(op, refusal)
	default:
		a.enqueue(op)
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// heedServer pauses the target if the server asked for it.
func (a *targetActor) heedServer(f *failure) {
	p := a.policy.Load()
	if !f.verdict.HasDelay || f.verdict.Delay <= 0 || !p.RateLimit.ServerPacing {
		return
	}
	now := time.Now()
	until := now.Add(min(f.verdict.Delay, p.Retry.MaxServerWait))
	if !until.After(a.pace.until) {
		return
	}
	longer := until.Sub(later(now, a.pace.until))
	a.pace.until = until
	a.pausedUntil.Store(&until)
	a.holdPool()
	a.setPace(until, now)
	if longer >= time.Second { // many attempts may be told of one pause
		a.sup.bus.Publish(actors.TargetPaused{Header: a.header(), Until: until, Err: f.err})
	}
}
