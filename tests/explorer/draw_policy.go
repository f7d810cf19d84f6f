package explorer

import "github.com/holdfast-go/holdfast/tests/scenarios"

// choice is a setting, how often of 100 times it is drawn, and its values.
type choice struct {
	key    string
	often  int
	values []string
}

// choices are the settings that a target may have. Most thresholds are so low
// that a few operations meet them.
var choices = []choice{
	{"retry_policy.max_attempts", 80, []string{"1", "2", "3", "5"}},
	{"retry_policy.min_wait", 90, []string{"0s", "0s", "100ms", "500ms"}},
	{"retry_policy.max_wait", 90, []string{"500ms", "1s", "2s"}},
	{"retry_policy.jitter", 30, []string{"full", "equal", "none", "decorrelated"}},
	{"retry_policy.max_elapsed", 10, []string{"500ms", "1s", "5s"}},
	{"retry_policy.max_server_wait", 10, []string{"500ms", "5s"}},
	{"retry_policy.attempt_timeout", 30, []string{"100ms", "500ms", "1s"}},
	{"retry_policy.when_open", 40, []string{"park", "park", "fail"}},
	{"retry_policy.idempotent", 30, []string{"yes", "no"}},
	{"retry_policy.enabled", 3, []string{"false"}},
	{"retry_budget.enabled", 15, []string{"true"}},
	{"retry_budget.ratio", 15, []string{"0", "0.5"}},
	{"retry_budget.min_per_second", 15, []string{"0.2", "2"}},
	{"retry_budget.window", 15, []string{"1s", "5s"}},
	{"adaptive_retry.enabled", 8, []string{"true"}},
	{"circuit_breaker.enabled", 4, []string{"false"}},
	{"circuit_breaker.failure_threshold", 90, []string{"1", "2", "2", "3", "never"}},
	{"circuit_breaker.failure_rate", 15, []string{"0.5"}},
	{"circuit_breaker.minimum_calls", 30, []string{"1", "3"}},
	{"circuit_breaker.window_calls", 15, []string{"3", "5"}},
	{"circuit_breaker.window_duration", 10, []string{"1s", "5s"}},
	{"circuit_breaker.slow_call_rate", 10, []string{"0.5"}},
	{"circuit_breaker.slow_call_duration", 10, []string{"100ms", "1s"}},
	{"circuit_breaker.failure_cost", 10, []string{"5"}},
	{"circuit_breaker.recovery_timeout", 100, []string{"100ms", "500ms", "1s", "2s"}},
	{"circuit_breaker.max_recovery_timeout", 100, []string{"2s", "4s"}},
	{"circuit_breaker.recovery_multiplier", 20, []string{"1", "3"}},
	{"circuit_breaker.recovery_jitter", 20, []string{"0.1", "0.5"}},
	{"circuit_breaker.adaptive_recovery", 10, []string{"true"}},
	{"circuit_breaker.max_wall", 20, []string{"1s"}},
	{"circuit_breaker.half_open_max_calls", 40, []string{"1", "2", "3"}},
	{"circuit_breaker.success_threshold", 60, []string{"1", "2"}},
	{"circuit_breaker.probe_lease", 30, []string{"100ms", "1s"}},
	{"circuit_breaker.ramp", 15, []string{"1s", "3s"}},
	{"circuit_breaker.ignore", 5, []string{"http.5xx"}},
	{"circuit_breaker.trip_on", 5, []string{"http.404", "http.429"}},
	{"pool.workers", 80, []string{"1", "1", "2", "3", "8"}},
	{"pool.max_pending", 40, []string{"0", "1", "2", "5", "100"}},
	{"pool.max_queue_wait", 15, []string{"100ms", "1s"}},
	{"pool.max_abandoned", 20, []string{"1", "2"}},
	{"pool.adaptive", 8, []string{"true"}},
	{"rate_limit.rate", 12, []string{"1", "5", "20"}},
	{"rate_limit.burst", 10, []string{"1", "3"}},
	{"rate_limit.when_exceeded", 10, []string{"wait", "refuse"}},
	{"rate_limit.server_pacing", 20, []string{"false"}},
	{"hedge.delay", 25, []string{"10ms", "100ms", "1s"}},
	{"hedge.max_hedges", 10, []string{"2"}},
	{"hedge.quantile", 4, []string{"0.9"}},
	{"restart.max_restarts", 12, []string{"1", "2", "4"}},
	{"restart.exceeded", 15, []string{"trip_breaker", "stop_target", "escalate"}},
	{"chaos.enabled", 6, []string{"true"}},
	{"chaos.failure_rate", 6, []string{"0.3"}},
	{"chaos.panic_rate", 6, []string{"0.2"}},
	{"chaos.latency_rate", 6, []string{"0.3"}},
	{"chaos.latency", 100, []string{"100ms"}},
}

// settings draws those of a target that may fall back to others.
func (d *drawer) settings(others []string) []scenarios.Setting {
	var all []scenarios.Setting
	for _, c := range choices {
		if d.chance(c.often) {
			all = append(all, setting(c.key, pick(d, c.values...)))
		}
	}
	if len(others) > 0 && d.chance(20) {
		all = append(all, setting("fallback.target", pick(d, others...)))
	}
	return all
}

// changes draws a few settings for a reload.
func (d *drawer) changes() []scenarios.Setting {
	var all []scenarios.Setting
	for range 1 + d.IntN(4) {
		c := choices[d.IntN(len(choices))]
		all = append(all, setting(c.key, pick(d, c.values...)))
	}
	return all
}
