package policies

// Stage is one place on an operation's way where a policy has its say.
type Stage struct {
	// When is the part of the way: "before an attempt", "in an attempt",
	// "after a failure", "in the end".
	When string
	// Policy is its name.
	Policy string
	// Settings are the keys that govern it, a block's ("hedge") or single
	// ones ("pool.max_abandoned").
	Settings []string
	// Says is what it may do.
	Says string
}

// Order lists the stages in the order in which they act. An operation goes
// through those before an attempt again for each attempt; what one of them
// refuses, the later ones never see.
func Order() []Stage {
	const before, in, after, end = "before an attempt", "in an attempt", "after a failure", "in the end"
	return []Stage{
		{before, "keyed targets", []string{"keyed"}, "pick the breaker and the pool of the key"},
		{before, "abandonment limit", []string{"pool.max_abandoned"}, "refuse while too many functions run on that were left behind"},
		{before, "open breaker", []string{"circuit_breaker", "retry_policy.when_open"}, "refuse, or park"},
		{before, "server pacing and rate limit", []string{"rate_limit"}, "wait for the turn, or refuse"},
		{before, "half-open breaker and ramp", []string{"circuit_breaker.half_open_max_calls", "circuit_breaker.ramp", "circuit_breaker.probe_interval"}, "let a few through, refuse or park the rest"},
		{before, "bulkhead", []string{"pool"}, "wait for a worker by priority, or refuse"},
		{in, "chaos", []string{"chaos"}, "delay, panic or fail in place of the function"},
		{in, "attempt timeout", []string{"retry_policy.attempt_timeout"}, "leave the attempt behind: a failure"},
		{in, "hedge", []string{"hedge"}, "begin the next attempt beside this one"},
		{after, "classification", []string{"retry_policy.retry_on", "retry_policy.never_retry", "retry_policy.custom_exceptions", "circuit_breaker.ignore", "circuit_breaker.trip_on", "circuit_breaker.wall_on"}, "say what the error means"},
		{after, "circuit breaker", []string{"circuit_breaker", "circuit_breaker.failure_cost"}, "count it; trip, reopen, or wait for a wall"},
		{after, "server pacing", []string{"rate_limit.server_pacing"}, "pause the target for everybody"},
		{after, "retry", []string{"retry_policy"}, "end the operation, or propose another attempt after a wait"},
		{after, "adaptive retry", []string{"adaptive_retry"}, "end it if that would hardly succeed"},
		{after, "retry budget", []string{"retry_budget"}, "end it if the calls of late allow no more retries"},
		{after, "restart intensity", []string{"restart"}, "trip the breaker, stop the target, or escalate"},
		{end, "fallback", []string{"fallback"}, "try the next target, then the caller's own"},
	}
}
