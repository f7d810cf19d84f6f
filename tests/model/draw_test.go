package model_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// drawSettings draws valid settings, every rule on or off. Small numbers, so that
// a program of some dozen steps meets them.
func drawSettings(t *rapid.T) policies.Breaker {
	s := policies.DefaultBreaker()
	s.Enabled = rapid.IntRange(0, 5).Draw(t, "enabled") > 0
	s.FailureThreshold = rapid.SampledFrom([]int{1, 2, 3, 5, policies.Never}).Draw(t, "failure_threshold")
	s.FailureRate = rapid.SampledFrom([]float64{0, 0, 0.1, 0.3, 0.5, 0.7, 1}).Draw(t, "failure_rate")
	s.SlowCallRate = rapid.SampledFrom([]float64{0, 0, 0.3, 0.6, 1}).Draw(t, "slow_call_rate")
	s.SlowCallDuration = time.Second
	s.WindowCalls = rapid.IntRange(1, 12).Draw(t, "window_calls")
	s.WindowDuration = rapid.SampledFrom([]time.Duration{0, 7, 64, 10 * time.Second, time.Minute + 13, 24 * time.Hour}).Draw(t, "window_duration")
	s.MinimumCalls = rapid.IntRange(1, s.WindowCalls).Draw(t, "minimum_calls")
	s.FailureCost = rapid.SampledFrom([]float64{0, 0, 1, 5, 1e15}).Draw(t, "failure_cost")
	s.CostWindow = rapid.SampledFrom([]time.Duration{1, 5 * time.Second, 20*time.Second + 7, 24 * time.Hour}).Draw(t, "cost_window")
	s.RecoveryTimeout = drawDuration(t, "recovery_timeout", 10*time.Second)
	s.MaxRecoveryTimeout = s.RecoveryTimeout + time.Duration(rapid.IntRange(0, 120).Draw(t, "more"))*time.Second
	s.RecoveryMultiplier = rapid.OneOf(rapid.SampledFrom([]float64{1, 2, 100}), rapid.Float64Range(1, 100)).Draw(t, "recovery_multiplier")
	s.RecoveryJitter = rapid.OneOf(rapid.SampledFrom([]float64{0, 0.1, 1}), rapid.Float64Range(0, 1)).Draw(t, "recovery_jitter")
	s.AdaptiveRecovery = rapid.Bool().Draw(t, "adaptive_recovery")
	s.MaxWall = drawDuration(t, "max_wall", time.Minute)
	s.HalfOpenMaxCalls = rapid.IntRange(1, 4).Draw(t, "half_open_max_calls")
	s.SuccessThreshold = rapid.IntRange(1, 3).Draw(t, "success_threshold")
	s.ProbeLease = drawDuration(t, "probe_lease", 10*time.Second)
	s.Ramp = rapid.SampledFrom([]time.Duration{0, 100, 5 * time.Second, 20*time.Second + 1}).Draw(t, "ramp")
	return s
}

// drawDuration draws one over 0: whole seconds mostly, so that times meet, and
// now and then anything.
func drawDuration(t *rapid.T, label string, most time.Duration) time.Duration {
	if rapid.IntRange(0, 3).Draw(t, label+" odd") == 0 {
		return time.Duration(rapid.Int64Range(1, int64(most)).Draw(t, label))
	}
	return time.Duration(rapid.Int64Range(1, int64(most/time.Second)).Draw(t, label)) * time.Second
}

func drawRnd(t *rapid.T) float64 {
	const below1 = 1 - 1.0/(1<<53)
	return rapid.OneOf(rapid.SampledFrom([]float64{0, 0.5, below1}), rapid.Float64Range(0, below1)).Draw(t, "rnd")
}

// drawStep draws by how much time passes: nothing, a little, a lot, and back, as
// a wall clock that is set does.
func drawStep(t *rapid.T) time.Duration {
	switch rapid.IntRange(0, 9).Draw(t, "time") {
	case 0:
		return 0
	case 1:
		return time.Duration(rapid.IntRange(-100, 100).Draw(t, "ns"))
	case 2:
		return time.Duration(rapid.IntRange(1, 30).Draw(t, "h")) * time.Hour
	case 3:
		return -time.Duration(rapid.IntRange(1, 30).Draw(t, "h back")) * time.Hour
	case 4:
		return -time.Duration(rapid.IntRange(1, 70_000).Draw(t, "ms back")) * time.Millisecond
	default:
		return time.Duration(rapid.IntRange(1, 9_000).Draw(t, "ms")) * time.Millisecond
	}
}

func drawAttempt(t *rapid.T, now time.Time) breaker.Attempt {
	outcomes := []policies.Outcome{
		policies.Success, policies.Success, policies.Success, policies.Failure, policies.Failure,
		policies.Ignored, policies.Throttled, policies.Walled, 77,
	}
	a := breaker.Attempt{
		Outcome: rapid.SampledFrom(outcomes).Draw(t, "outcome"),
		Ran:     rapid.SampledFrom([]time.Duration{0, 0, time.Second - 1, time.Second, time.Hour}).Draw(t, "ran"),
		Cost:    rapid.SampledFrom([]float64{0, 0, 0.1, 0.25, 1, 3}).Draw(t, "cost"),
	}
	if rapid.Bool().Draw(t, "an end is known") { // also of what is no wall
		a.WallUntil = now.Add(time.Duration(rapid.IntRange(-10, 90).Draw(t, "wall")) * time.Second)
	}
	return a
}
