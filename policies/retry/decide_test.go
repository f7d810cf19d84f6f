package retry

import (
	"math"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

var (
	start  = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	refuse = classify.Verdict{Outcome: policies.Failure, Retryable: true}
	reset  = classify.Verdict{Outcome: policies.Failure, Retryable: true, Ambiguous: true}
)

func policy(change func(*policies.Retry)) *policies.Retry {
	p := policies.Default(policies.Worker).Retry
	p.Jitter = policies.JitterNone
	if change != nil {
		change(&p)
	}
	return &p
}

func serverSays(v classify.Verdict, d time.Duration) classify.Verdict {
	v.HasDelay, v.Delay = true, d
	return v
}

// Broken, operations would run too often, too late, or not again when they
// should.
func TestDecide(t *testing.T) {
	retryIn := func(d time.Duration, s Source) Decision { return Decision{Retry: true, Wait: d, Source: s} }
	end := func(r Reason) Decision { return Decision{Reason: r} }
	unsafe := reset
	unsafe.Unsafe = true
	idempotent := func(i policies.Idempotency) func(*policies.Retry) {
		return func(p *policies.Retry) { p.Idempotent = i }
	}
	for _, tt := range []struct {
		name   string
		change func(*policies.Retry)
		v      classify.Verdict
		pr     Progress
		want   Decision
	}{
		{"first retry", nil, refuse, Progress{Attempt: 1}, retryIn(time.Second, Computed)},
		{"second retry", nil, refuse, Progress{Attempt: 2}, retryIn(2*time.Second, Computed)},
		{"the last attempt failed", nil, refuse, Progress{Attempt: 3}, end(MaxAttempts)},
		{"past the last attempt", nil, refuse, Progress{Attempt: 4}, end(MaxAttempts)},
		{"disabled", func(p *policies.Retry) { p.Enabled = false }, refuse, Progress{Attempt: 1}, end(Disabled)},
		{"an external wall", nil, classify.Verdict{Outcome: policies.Walled}, Progress{Attempt: 1}, end(ExternalWall)},
		{"an external wall, disabled", func(p *policies.Retry) { p.Enabled = false }, classify.Verdict{Outcome: policies.Walled}, Progress{Attempt: 1}, end(ExternalWall)},
		{"not retryable", nil, classify.Verdict{Outcome: policies.Failure}, Progress{Attempt: 1}, end(NotRetryable)},
		{"caller cancelled", nil, classify.Verdict{CallerGone: true}, Progress{Attempt: 1}, end(CallerGone)},
		{"caller's deadline passed", nil, classify.Verdict{CallerGone: true, Condition: classify.CallerDeadline}, Progress{Attempt: 1}, end(CallerDeadline)},
		{"caller's deadline passed under another error", nil, classify.Verdict{CallerGone: true}, Progress{Attempt: 1, Deadline: start}, end(CallerDeadline)},
		{"caller cancelled before its deadline", nil, classify.Verdict{CallerGone: true}, Progress{Attempt: 1, Deadline: start.Add(1)}, end(CallerGone)},

		{"ambiguous, auto", nil, reset, Progress{Attempt: 1}, retryIn(time.Second, Computed)},
		{"ambiguous post, auto", nil, unsafe, Progress{Attempt: 1}, end(NotIdempotent)},
		{"ambiguous post with a key", nil, unsafe, Progress{Attempt: 1, Keyed: true}, retryIn(time.Second, Computed)},
		{"ambiguous post, yes", idempotent(policies.IdempotentYes), unsafe, Progress{Attempt: 1}, retryIn(time.Second, Computed)},
		{"ambiguous, no", idempotent(policies.IdempotentNo), reset, Progress{Attempt: 1}, end(NotIdempotent)},
		{"ambiguous with a key, no", idempotent(policies.IdempotentNo), reset, Progress{Attempt: 1, Keyed: true}, retryIn(time.Second, Computed)},
		{"refused, no", idempotent(policies.IdempotentNo), refuse, Progress{Attempt: 1}, retryIn(time.Second, Computed)},
		{"refused post, auto", nil, classify.Verdict{Retryable: true, Unsafe: true}, Progress{Attempt: 1}, retryIn(time.Second, Computed)},

		{"open breaker, fail", nil, refuse, Progress{Attempt: 1, BreakerOpen: true}, end(BreakerOpen)},
		{"open breaker, park", func(p *policies.Retry) { p.WhenOpen = policies.Park }, refuse, Progress{Attempt: 1, BreakerOpen: true},
			Decision{Retry: true, Wait: time.Second, Source: Computed, Park: true}},
		{"open breaker, park, attempts used up", func(p *policies.Retry) { p.WhenOpen = policies.Park }, refuse, Progress{Attempt: 3, BreakerOpen: true}, end(MaxAttempts)},

		{"server's delay, longer", nil, serverSays(refuse, 30*time.Second), Progress{Attempt: 1}, retryIn(30*time.Second, Server)},
		{"server's delay, shorter", nil, serverSays(refuse, time.Millisecond), Progress{Attempt: 1}, retryIn(time.Millisecond, Server)},
		{"server's delay of none", nil, serverSays(refuse, 0), Progress{Attempt: 1}, retryIn(time.Second, Computed)},
		{"server's delay at the limit", nil, serverSays(refuse, time.Minute), Progress{Attempt: 1}, retryIn(time.Minute, Server)},
		{"server's delay over the limit", nil, serverSays(refuse, time.Minute+1), Progress{Attempt: 1}, end(ServerDelay)},

		{"own wait", nil, refuse, Progress{Attempt: 1, HasOwn: true, OwnWait: 7 * time.Second}, retryIn(7*time.Second, Own)},
		{"own wait of none", nil, serverSays(refuse, 0), Progress{Attempt: 1, HasOwn: true}, retryIn(0, Own)},
		{"own wait, server's is longer", nil, serverSays(refuse, 9*time.Second), Progress{Attempt: 1, HasOwn: true, OwnWait: 7 * time.Second}, retryIn(9*time.Second, Server)},
		{"own wait, server's is shorter", nil, serverSays(refuse, time.Second), Progress{Attempt: 1, HasOwn: true, OwnWait: 7 * time.Second}, retryIn(7*time.Second, Own)},
		{"own stop", nil, refuse, Progress{Attempt: 1, HasOwn: true, OwnWait: backoff.Stop}, end(BackoffStop)},

		{"a wait that ends just before the deadline", nil, refuse, Progress{Attempt: 1, Deadline: start.Add(time.Second + 1)}, retryIn(time.Second, Computed)},
		{"a wait that ends at the deadline", nil, refuse, Progress{Attempt: 1, Deadline: start.Add(time.Second)}, end(CallerDeadline)},
		{"a server's delay past the deadline", nil, serverSays(refuse, 20*time.Second), Progress{Attempt: 1, Deadline: start.Add(10 * time.Second)}, end(CallerDeadline)},
		{"an endless own wait", nil, refuse, Progress{Attempt: 1, HasOwn: true, OwnWait: math.MaxInt64, Deadline: start.Add(time.Hour)}, end(CallerDeadline)},
		{"a wait that ends at max_elapsed", elapsed(3 * time.Second), refuse, Progress{Attempt: 1, Accepted: start.Add(-2 * time.Second)}, retryIn(time.Second, Computed)},
		{"a wait that ends past max_elapsed", elapsed(3 * time.Second), refuse, Progress{Attempt: 1, Accepted: start.Add(-2*time.Second - 1)}, end(MaxElapsed)},
		{"accepted in the future", elapsed(3 * time.Second), refuse, Progress{Attempt: 1, Accepted: start.AddDate(1000, 0, 0)}, retryIn(time.Second, Computed)},
		{"no max_elapsed", nil, refuse, Progress{Attempt: 1, Accepted: start.AddDate(-1000, 0, 0)}, retryIn(time.Second, Computed)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, Decide(policy(tt.change), tt.v, tt.pr, start, 0.5))
		})
	}
}

func elapsed(d time.Duration) func(*policies.Retry) {
	return func(p *policies.Retry) { p.MaxElapsed = d }
}

// Invariants: never more than MaxAttempts, never past a deadline, never
// before the server's time, never after a wait out of bounds, and always
// either a wait or a reason.
func TestDecideKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Int64Range(0, int64(time.Minute))
		p := policy(func(p *policies.Retry) {
			p.Jitter = rapid.SampledFrom([]policies.Jitter{policies.JitterFull, policies.JitterDecorrelated}).Draw(t, "jitter")
			p.MaxElapsed = time.Duration(span.Draw(t, "max elapsed"))
		})
		v := serverSays(reset, time.Duration(span.Draw(t, "delay")))
		v.HasDelay = rapid.Bool().Draw(t, "has delay")
		pr := Progress{
			Attempt:  rapid.IntRange(1, 5).Draw(t, "attempt"),
			Accepted: start.Add(-time.Duration(span.Draw(t, "age"))),
			Deadline: start.Add(time.Duration(span.Draw(t, "left"))),
			Previous: time.Duration(span.Draw(t, "previous")),
		}
		d := Decide(p, v, pr, start, rapid.Float64Range(0, almostOne).Draw(t, "rnd"))
		if !d.Retry {
			require.Equal(t, Decision{Reason: d.Reason}, d)
			require.NotEmpty(t, d.Reason)
			return
		}
		require.Empty(t, d.Reason)
		require.Less(t, pr.Attempt, p.MaxAttempts)
		require.True(t, start.Add(d.Wait).Before(pr.Deadline))
		if p.MaxElapsed > 0 {
			require.LessOrEqual(t, start.Add(d.Wait).Sub(pr.Accepted), p.MaxElapsed)
		}
		if v.HasDelay {
			require.GreaterOrEqual(t, d.Wait, v.Delay)
		}
		if d.Source == Computed {
			require.GreaterOrEqual(t, d.Wait, p.MinWait)
			require.LessOrEqual(t, d.Wait, p.MaxWait)
		}
	})
}

// Broken, an event would end with a reason nobody can read.
func TestEveryReasonIsExplained(t *testing.T) {
	for _, r := range []Reason{
		NotRetryable, MaxAttempts, MaxElapsed, CallerDeadline, CallerGone,
		ServerDelay, NotIdempotent, BreakerOpen, BackoffStop, Disabled, BudgetExhausted,
	} {
		assert.Contains(t, explanations, r)
		assert.Equal(t, explanations[r], r.Explain())
	}
	assert.Equal(t, `The operation ended for the reason "odd".`, Reason("odd").Explain())
}
