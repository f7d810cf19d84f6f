package policies

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const day = 24 * time.Hour

// If this fails, a policy nobody changed is refused.
func TestDefaultsAreValid(t *testing.T) {
	for _, of := range OperationTypes() {
		assert.NoError(t, Default(of).Validate(), of)
	}
}

// The bounds themselves are allowed. If this fails, a range is narrower than
// its comment says.
func TestBoundsAreAllowed(t *testing.T) {
	least := Default(Worker)
	least.Retry.MaxAttempts, least.Retry.MinWait, least.Retry.MaxWait, least.Retry.MaxServerWait = 1, 0, 0, 0
	least.Retry.Jitter, least.Retry.WhenOpen, least.Retry.Idempotent = JitterNone, Park, IdempotentNo
	least.Breaker = Breaker{FailureThreshold: 1, SlowCallDuration: 1, WindowCalls: 1, MinimumCalls: 1, CostWindow: 1, RecoveryTimeout: 1, RecoveryMultiplier: 1, MaxRecoveryTimeout: 1, MaxWall: 1, HalfOpenMaxCalls: 1, SuccessThreshold: 1, ProbeLease: 1, ProbeInterval: 1}
	least.RetryBudget = RetryBudget{Window: 1}
	least.Pool.Workers, least.Pool.MaxPending, least.Pool.MaxAbandoned = 1, 0, 1
	least.Pool.LatencyTolerance = 1.1
	least.Restart = Restart{MaxRestarts: 1, Within: 1, Exceeded: StopTarget}
	least.Chaos = Chaos{Failure: FaultWall, Latency: 1}
	least.Keyed = Keyed{MaxKeys: 1, IdleTimeout: 1}

	most := Default(Scheduler)
	most.Retry = Retry{Enabled: true, MaxAttempts: 1_000, MinWait: day, MaxWait: day, Jitter: JitterDecorrelated, MaxElapsed: math.MaxInt64, MaxServerWait: day, AttemptTimeout: day, WhenOpen: FailFast, Idempotent: IdempotentYes, CustomExceptions: []string{"x"}}
	most.Breaker = Breaker{Enabled: true, FailureThreshold: Never, FailureRate: 1, SlowCallRate: 1, SlowCallDuration: math.MaxInt64, WindowCalls: 100_000, WindowDuration: day, MinimumCalls: 100_000, FailureCost: 1e15, CostWindow: day, RecoveryTimeout: day, RecoveryMultiplier: 100, MaxRecoveryTimeout: day, RecoveryJitter: 1, MaxWall: 365 * day, HalfOpenMaxCalls: 10_000, SuccessThreshold: 10_000, ProbeLease: day, ProbeInterval: day, Ramp: day}
	most.RetryBudget = RetryBudget{Enabled: true, Ratio: 10, MinPerSecond: 1_000_000, Window: day, Shared: strings.Repeat("n", 128)}
	most.Pool.Workers, most.Pool.MaxPending, most.Pool.MaxAbandoned = 1_000_000, 10_000_000, 1_000_000
	most.Pool.Adaptive, most.Pool.MinWorkers, most.Pool.LatencyTolerance = true, 1_000_000, 100
	most.Restart = Restart{MaxRestarts: Never, Within: day, Exceeded: Escalate}
	most.Chaos = Chaos{Enabled: true, FailureRate: 1, Failure: FaultReset, LatencyRate: 1, Latency: 10 * time.Minute, PanicRate: 1}
	most.Keyed = Keyed{MaxKeys: 10_000_000, IdleTimeout: day}

	assert.NoError(t, least.Validate())
	assert.NoError(t, most.Validate())
}

// If this fails, a setting that makes no sense is acted upon, or the message
// doesn't say what is allowed.
func TestEachBadSettingIsNamed(t *testing.T) {
	for _, tc := range []struct {
		spoil func(p *Policy)
		want  string
	}{
		{func(p *Policy) { p.Type = "apo" }, `type = "apo": did you mean "api"? It must be one of worker, storage, api, scheduler`},
		{func(p *Policy) { p.Type = "" }, `type = "": must be one of worker, storage, api, scheduler`},
		{func(p *Policy) { p.Retry.MaxAttempts = 0 }, `retry_policy.max_attempts = 0: must be from 1 to 1000`},
		{func(p *Policy) { p.Retry.MaxAttempts = 1001 }, `retry_policy.max_attempts = 1001: must be from 1 to 1000`},
		{func(p *Policy) { p.Retry.MinWait = -1 }, `retry_policy.min_wait = -1ns: must not be negative`},
		{func(p *Policy) { p.Retry.MaxWait = -time.Second }, `retry_policy.max_wait = -1s: must not be negative`},
		{func(p *Policy) { p.Retry.MaxWait = 25 * time.Hour }, `retry_policy.max_wait = 25h0m0s: must be at most 24h0m0s`},
		{func(p *Policy) { p.Retry.MinWait = time.Minute }, `retry_policy.max_wait = 15s: must be at least min_wait, which is 1m0s`},
		{func(p *Policy) { p.Retry.Jitter = "" }, `retry_policy.jitter = "": must be one of full, equal, none, decorrelated`},
		{func(p *Policy) { p.Retry.Jitter = "Equal" }, `retry_policy.jitter = "Equal": did you mean "equal"? It must be one of full, equal, none, decorrelated`},
		{func(p *Policy) { p.Retry.MaxElapsed = -1 }, `retry_policy.max_elapsed = -1ns: must not be negative`},
		{func(p *Policy) { p.Retry.MaxServerWait = -1 }, `retry_policy.max_server_wait = -1ns: must not be negative`},
		{func(p *Policy) { p.Retry.MaxServerWait = day + 1 }, `retry_policy.max_server_wait = 24h0m0.000000001s: must be at most 24h0m0s`},
		{func(p *Policy) { p.Retry.WhenOpen = "prak" }, `retry_policy.when_open = "prak": did you mean "park"? It must be one of fail, park`},
		{func(p *Policy) { p.Retry.Idempotent = "maybe" }, `retry_policy.idempotent = "maybe": must be one of auto, yes, no`},
		{func(p *Policy) { p.Retry.CustomExceptions = []string{"a", " "} }, `retry_policy.custom_exceptions[1] = " ": must name an error condition, not be empty`},
		{func(p *Policy) { p.RetryBudget.Ratio = 10.5 }, `retry_budget.ratio = 10.5: must be a number from 0 to 10`},
		{func(p *Policy) { p.RetryBudget.Ratio = math.NaN() }, `retry_budget.ratio = NaN: must be a number from 0 to 10`},
		{func(p *Policy) { p.RetryBudget.MinPerSecond = -1 }, `retry_budget.min_per_second = -1: must be a number from 0 to 1e+06`},
		{func(p *Policy) { p.RetryBudget.Window = 0 }, `retry_budget.window = 0s: must be over 0`},
		{func(p *Policy) { p.RetryBudget.Window = day + 1 }, `retry_budget.window = 24h0m0.000000001s: must be at most 24h0m0s`},
		{func(p *Policy) { p.RetryBudget.Shared = "a/b" }, `retry_budget.shared = "a/b": a name must not contain "/"`},
		{func(p *Policy) { p.Breaker.FailureThreshold = 0 }, `circuit_breaker.failure_threshold = 0: must be at least 1, or "never" to turn the rule off`},
		{func(p *Policy) { p.Breaker.FailureRate = -0.1 }, `circuit_breaker.failure_rate = -0.1: must be a number from 0 to 1`},
		{func(p *Policy) { p.Breaker.FailureRate = math.NaN() }, `circuit_breaker.failure_rate = NaN: must be a number from 0 to 1`},
		{func(p *Policy) { p.Breaker.SlowCallRate = math.Inf(1) }, `circuit_breaker.slow_call_rate = +Inf: must be a number from 0 to 1`},
		{func(p *Policy) { p.Breaker.SlowCallDuration = 0 }, `circuit_breaker.slow_call_duration = 0s: must be over 0`},
		{func(p *Policy) { p.Breaker.WindowCalls = 0 }, `circuit_breaker.window_calls = 0: must be from 1 to 100000`},
		{func(p *Policy) { p.Breaker.WindowCalls = 100_001 }, `circuit_breaker.window_calls = 100001: must be from 1 to 100000`},
		{func(p *Policy) { p.Breaker.WindowDuration = -1 }, `circuit_breaker.window_duration = -1ns: must not be negative`},
		{func(p *Policy) { p.Breaker.MinimumCalls = 0 }, `circuit_breaker.minimum_calls = 0: must be from 1 to 100000`},
		{func(p *Policy) { p.Breaker.MinimumCalls = 101 }, `circuit_breaker.minimum_calls = 101: must be at most window_calls, which is 100`},
		{func(p *Policy) { p.Breaker.FailureCost = -1 }, `circuit_breaker.failure_cost = -1: must be a number from 0 to 1e+15`},
		{func(p *Policy) { p.Breaker.FailureCost = math.Inf(1) }, `circuit_breaker.failure_cost = +Inf: must be a number from 0 to 1e+15`},
		{func(p *Policy) { p.Breaker.CostWindow = 0 }, `circuit_breaker.cost_window = 0s: must be over 0`},
		{func(p *Policy) { p.Breaker.RecoveryTimeout = 0 }, `circuit_breaker.recovery_timeout = 0s: must be over 0`},
		{func(p *Policy) { p.Breaker.RecoveryTimeout = time.Hour }, `circuit_breaker.max_recovery_timeout = 10m0s: must be at least recovery_timeout, which is 1h0m0s`},
		{func(p *Policy) { p.Breaker.MaxRecoveryTimeout = 25 * time.Hour }, `circuit_breaker.max_recovery_timeout = 25h0m0s: must be at most 24h0m0s`},
		{func(p *Policy) { p.Breaker.RecoveryMultiplier = 0.5 }, `circuit_breaker.recovery_multiplier = 0.5: must be a number from 1 to 100`},
		{func(p *Policy) { p.Breaker.RecoveryJitter = 1e-30 - 1 }, `circuit_breaker.recovery_jitter = -1: must be a number from 0 to 1`},
		{func(p *Policy) { p.Breaker.RecoveryJitter = -1e-30 }, `circuit_breaker.recovery_jitter = -1e-30: must be a number from 0 to 1`},
		{func(p *Policy) { p.Breaker.MaxWall = 0 }, `circuit_breaker.max_wall = 0s: must be over 0`},
		{func(p *Policy) { p.Breaker.MaxWall = 366 * day }, `circuit_breaker.max_wall = 8784h0m0s: must be at most 8760h0m0s`},
		{func(p *Policy) { p.Breaker.HalfOpenMaxCalls = 0 }, `circuit_breaker.half_open_max_calls = 0: must be from 1 to 10000`},
		{func(p *Policy) { p.Breaker.SuccessThreshold = 0 }, `circuit_breaker.success_threshold = 0: must be from 1 to 10000`},
		{func(p *Policy) { p.Breaker.ProbeLease = 0 }, `circuit_breaker.probe_lease = 0s: must be over 0`},
		{func(p *Policy) { p.Breaker.ProbeInterval = 0 }, `circuit_breaker.probe_interval = 0s: must be over 0`},
		{func(p *Policy) { p.Breaker.Ramp = -1 }, `circuit_breaker.ramp = -1ns: must not be negative`},
		{func(p *Policy) { p.Breaker.Ramp = 25 * time.Hour }, `circuit_breaker.ramp = 25h0m0s: must be at most 24h0m0s`},
		{func(p *Policy) { p.Pool.Workers = 0 }, `pool.workers = 0: must be from 1 to 1000000`},
		{func(p *Policy) { p.Pool.MaxAbandoned = 0 }, `pool.max_abandoned = 0: must be from 1 to 1000000`},
		{func(p *Policy) { p.Retry.AttemptTimeout = -1 }, `retry_policy.attempt_timeout = -1ns: must not be negative`},
		{func(p *Policy) { p.Pool.MaxPending = -1 }, `pool.max_pending = -1: must be from 0 to 10000000`},
		{func(p *Policy) { p.Pool.MinWorkers = 0 }, `pool.min_workers = 0: must be from 1 to 1000000`},
		{func(p *Policy) { p.Pool.MinWorkers = 257 }, `pool.min_workers = 257: must be at most workers, which is 256`},
		{func(p *Policy) { p.Pool.LatencyTolerance = 1 }, `pool.latency_tolerance = 1: must be a number from 1.1 to 100`},
		{func(p *Policy) { p.Restart.MaxRestarts = 0 }, `restart.max_restarts = 0: must be at least 1, or "never" to turn the rule off`},
		{func(p *Policy) { p.Restart.Within = 0 }, `restart.within = 0s: must be over 0`},
		{func(p *Policy) { p.Restart.Exceeded = "stop" }, `restart.exceeded = "stop": must be one of trip_breaker, stop_target, escalate`},
		{func(p *Policy) { p.Chaos.FailureRate = 1.1 }, `chaos.failure_rate = 1.1: must be a number from 0 to 1`},
		{func(p *Policy) { p.Chaos.Failure = "http.504" }, `chaos.failure = "http.504": did you mean "http.500"? It must be one of net.refused, net.reset, net.timeout, dns.temporary, io.unexpected_eof, attempt.deadline, http.429, http.500, http.503, external.wall`},
		{func(p *Policy) { p.Chaos.LatencyRate = math.NaN() }, `chaos.latency_rate = NaN: must be a number from 0 to 1`},
		{func(p *Policy) { p.Chaos.Latency = 10*time.Minute + 1 }, `chaos.latency = 10m0.000000001s: must be at most 10m0s`},
		{func(p *Policy) { p.Chaos.Latency = 0 }, `chaos.latency = 0s: must be over 0`},
		{func(p *Policy) { p.Chaos.PanicRate = -.1 }, `chaos.panic_rate = -0.1: must be a number from 0 to 1`},
		{func(p *Policy) { p.Keyed.MaxKeys = 0 }, `keyed.max_keys = 0: must be from 1 to 10000000`},
		{func(p *Policy) { p.Keyed.IdleTimeout = 0 }, `keyed.idle_timeout = 0s: must be over 0`},
	} {
		t.Run(tc.want, func(t *testing.T) {
			p := Default(API)
			tc.spoil(&p)
			var all Errors
			require.ErrorAs(t, p.Validate(), &all)
			require.Len(t, all, 1, all.Error())
			assert.EqualError(t, all[0], tc.want)
		})
	}
}

// If this fails, users find their mistakes one at a time.
func TestZeroPolicyIsWrongInEveryField(t *testing.T) {
	var all Errors
	require.ErrorAs(t, Policy{}.Validate(), &all)
	paths := make([]string, len(all))
	for i, e := range all {
		paths[i] = e.Path
	}
	assert.Subset(t, paths, []string{
		"type", "retry_policy.max_attempts", "retry_policy.jitter", "retry_policy.when_open", "retry_policy.idempotent",
		"retry_budget.window",
		"circuit_breaker.failure_threshold", "circuit_breaker.slow_call_duration", "circuit_breaker.window_calls",
		"circuit_breaker.minimum_calls", "circuit_breaker.recovery_timeout", "circuit_breaker.recovery_multiplier",
		"circuit_breaker.max_recovery_timeout", "circuit_breaker.half_open_max_calls", "circuit_breaker.success_threshold",
		"circuit_breaker.probe_lease", "circuit_breaker.probe_interval", "pool.workers", "restart.max_restarts", "restart.within", "restart.exceeded",
	})
	for _, s := range Settings() {
		zero := s.Value(&Policy{}).Interface()
		assert.Equal(t, s.Check(zero) != nil, slices.Contains(paths, s.Path), s.Path)
	}
}

// A window of time has no size in calls that the minimum could exceed.
func TestMinimumCallsOfAWindowOfTime(t *testing.T) {
	p := Default(API)
	p.Breaker.WindowDuration, p.Breaker.MinimumCalls = time.Minute, 5_000
	assert.NoError(t, p.Validate())
}
