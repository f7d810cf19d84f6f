package pairs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// switches are the policies that can be switched on and off. None of them lets an
// operation fail here.
var switches = map[string]edit{
	"attempt timeout":      timesOut(time.Minute),
	"bulkhead":             func(p *policy) { p.Pool.Workers, p.Pool.MaxPending, p.Pool.MaxQueueWait = 3, 50, time.Hour },
	"retry budget":         budgeted(100),
	"shared retry budget":  func(p *policy) { budgeted(100)(p); p.RetryBudget.Shared = "all" },
	"rate limit":           rated(100, 10),
	"no server pacing":     func(p *policy) { p.RateLimit.ServerPacing = false },
	"fallback":             fallsBackTo("spare"),
	"hedge":                hedged(30 * time.Second),
	"learned hedge":        func(p *policy) { hedged(30 * time.Second)(p); p.Hedge.Quantile = .9 },
	"adaptive concurrency": adaptive(8),
	"adaptive retry":       adapts,
	"ramp":                 func(p *policy) { p.Breaker.Ramp = time.Second },
	"failing when open":    func(p *policy) { p.Retry.WhenOpen = policies.FailFast },
	"no breaker":           func(p *policy) { p.Breaker.Enabled = false },
	"breaker":              func(p *policy) { p.Breaker.FailureRate, p.Breaker.WindowCalls = .99, 200 },
	"no retry":             func(p *policy) { p.Retry.Enabled = false },
	"max_elapsed":          func(p *policy) { p.Retry.MaxElapsed = time.Hour },
	"cost":                 func(p *policy) { p.Breaker.FailureCost = 1e9 },
	"restarts":             func(p *policy) { p.Restart.MaxRestarts = 1000 },
	"chaos":                func(p *policy) { faults(0, policies.FaultReset)(p); p.Chaos.LatencyRate = 0 },
	"keyed":                func(p *policy) { p.Keyed.MaxKeys, p.Keyed.IdleTimeout = 5, time.Hour },
}

// Switching a policy on, off and on again while an operation runs, one is in
// backoff, two wait for a worker and two are parked loses none of them, and those
// that had begun end under the policy they began with. Broken, a reload would drop
// or repeat what is under way.
func TestReloadXAll(t *testing.T) {
	for name, on := range switches {
		for first, off := range map[string]bool{"off first": true, "on first": false} {
			t.Run(name+", "+first, func(t *testing.T) { bubble(t, func(t *testing.T) { reloadAll(t, on, off) }) })
		}
	}
}

func reloadAll(t *testing.T, on edit, offFirst bool) {
	set := func(with bool) targets {
		p := of(workers(2), parks)
		if with {
			on(&p)
		}
		return targets{"x": p, "down": p, "spare": of()}
	}
	s := start(t, set(!offFirst), supervisor.AllowChaos())
	run, again := does(step{takes: sec(5)}), does(step{err: errTemp}, step{})
	all := map[string]*calling{}
	all["backoff"] = call(bg, s, "x", again.run)
	for _, n := range []string{"running 1", "running 2", "queued 1", "queued 2"} {
		all[n] = call(bg, s, "x", run.run)
	}
	down := does(step{})
	s.Breaker("down").ForceOpenFor(30 * time.Second)
	all["parked 1"] = call(bg, s, "down", down.run, supervisor.ParkWhenOpen())
	all["parked 2"] = call(bg, s, "down", down.run, supervisor.ParkWhenOpen())
	for i := range 7 {
		pass(sec(.3))
		apply(t, s, set(i%2 == 0 == offFirst))
	}
	for n, c := range all {
		r := c.outcome(t)
		if n == "backoff" && len(again.at()) == 1 {
			require.ErrorIs(t, r.err, errTemp, "it began without retries")
			continue
		}
		require.NoError(t, r.err, n)
		assert.LessOrEqual(t, r.at, sec(32), n)
	}
	assert.Len(t, run.at(), 4)
	assert.Len(t, down.at(), 2)
	for _, snap := range s.Snapshot().Targets {
		assert.Zero(t, snap.Queued+snap.Parked+snap.InBackoff, snap.Name)
		assert.Zero(t, snap.Failed+snap.Rejected+snap.Refused-uint64(boolInt(len(again.at()) == 1 && snap.Name == "x")), snap.Name)
	}
	call(bg, s, "x", succeed).well(t)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
