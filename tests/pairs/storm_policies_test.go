package pairs_test

import (
	"math/rand/v2"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// The targets of the storm. Those that fall back do so along front -> middle ->
// back; keyed is a template, and stateful has workers with a state.
const (
	front = iota
	middle
	back
	keyed
	stateful
	stormTargets
)

var stormNames = [stormTargets]string{"front", "middle", "back", "keyed", "stateful"}

const ms = time.Millisecond

// calm is what all policies of the storm have in common: waits and open times
// that are short, and operations that may run twice.
func calm() policy {
	p := policies.Default(policies.API)
	p.Retry.MaxAttempts = mostAttempts
	p.Retry.MinWait, p.Retry.MaxWait = 0, ms
	p.Retry.Idempotent = policies.IdempotentYes
	p.Breaker.RecoveryTimeout, p.Breaker.MaxRecoveryTimeout, p.Breaker.SuccessThreshold = ms, 5*ms, 1
	p.Breaker.MaxWall, p.Breaker.ProbeLease, p.Breaker.ProbeInterval = 2*ms, 50*ms, ms
	p.Pool.Workers = 8
	p.Keyed.MaxKeys, p.Keyed.IdleTimeout = 6, 20*ms
	return p
}

// gusts are the policies that a target of the storm has or has not.
var gusts = []edit{
	timesOut(10 * ms),
	func(p *policy) { p.Hedge.Delay = ms; p.Hedge.MaxHedges = 2 },
	func(p *policy) { p.Hedge.Quantile = .9 },
	func(p *policy) { p.Pool.MaxAbandoned = 3 },
	func(p *policy) { p.Pool.Workers, p.Pool.MaxQueueWait = 2, 5*ms },
	func(p *policy) { p.Pool.MaxPending = 4 },
	func(p *policy) { p.Pool.Adaptive = true },
	func(p *policy) { p.RetryBudget.Enabled, p.RetryBudget.Window = true, time.Second },
	func(p *policy) {
		p.RetryBudget.Enabled, p.RetryBudget.Window, p.RetryBudget.Shared = true, time.Second, "all"
	},
	func(p *policy) { p.AdaptiveRetry.Enabled, p.AdaptiveRetry.MinSuccess = true, .6 },
	rated(5000, 20),
	func(p *policy) { rated(5000, 20)(p); refuses(p) },
	func(p *policy) { p.RateLimit.ServerPacing = false },
	parks,
	trips(3),
	func(p *policy) { p.Breaker.Ramp = 5 * ms },
	func(p *policy) { p.Breaker.FailureRate, p.Breaker.MinimumCalls = .3, 5 },
	func(p *policy) { p.Breaker.FailureCost, p.Breaker.CostWindow = 20, 50*ms },
	func(p *policy) { p.Breaker.HalfOpenMaxCalls = 3 },
	func(p *policy) { p.Breaker.Enabled = false },
	func(p *policy) { p.Retry.MaxElapsed = 20 * ms },
	func(p *policy) { p.Retry.Enabled = false },
	faults(.05, policies.FaultUnavailable),
	faults(.01, policies.FaultWall),
	func(p *policy) { p.Chaos.Enabled, p.Chaos.PanicRate = true, .02 },
	func(p *policy) { p.Chaos.Enabled, p.Chaos.LatencyRate, p.Chaos.Latency = true, .03, 3*ms },
	func(p *policy) { p.Restart.MaxRestarts, p.Restart.Within = 20, 100*ms },
}

// weather gives every target a third of the gusts, others each time.
func weather(random *rand.Rand) targets {
	all := targets{}
	for i, name := range stormNames {
		p := calm()
		for _, gust := range gusts {
			if random.IntN(3) == 0 {
				gust(&p)
			}
		}
		if i < back && random.IntN(3) > 0 {
			p.Fallback.Target = stormNames[i+1]
		}
		if i > back && random.IntN(3) == 0 {
			p.Fallback.Target = stormNames[back]
		}
		all[name] = p
	}
	return all
}

// withOuter adds a target within whose attempts operations are nested. It has
// none of the policies, so that each operation is sent once.
func withOuter(all targets) targets {
	p := policies.Default(policies.API)
	p.Retry.Enabled, p.Breaker.Enabled = false, false
	all["outer"] = p
	return all
}
