// Package policies says what should happen when a call fails: how often and
// how long to retry, when a circuit breaker trips, how many workers may run.
//
// Everything here is plain data. A [Policy] knows no goroutine, no clock and
// no actor; the packages below it (breaker, retry, classify) decide, purely,
// what a policy means for one outcome at one moment. Supervisors act on it.
//
// A Policy is a value: copy it, change a field, and build a [Set] from it.
//
//	p := policies.Default(policies.API)
//	p.Retry.MaxAttempts = 6
//	set, err := policies.NewSet(map[string]policies.Policy{"weather_api": p})
package policies

import "time"

// Policy is the whole resolved policy of one target. Every field has its
// default from [Default]; a zero Policy is not valid.
type Policy struct {
	// Type picks the built-in defaults. It must be one of the four
	// operation types. In a file a target without one is an api.
	Type OperationType `koanf:"type" example:"\"storage\""`
	// Retry says how often, and after which waits, a failed operation is
	// given to a fresh worker.
	Retry Retry `koanf:"retry_policy"`
	// RetryBudget bounds the retries of all operations together: one more is
	// allowed while those of the last window of time are no more than a share
	// of its calls, plus some for each second of it. An operation that gets
	// none ends with an ExhaustedError around its own.
	RetryBudget RetryBudget `koanf:"retry_budget"`
	// AdaptiveRetry skips the retries that would hardly succeed.
	AdaptiveRetry AdaptiveRetry `koanf:"adaptive_retry"`
	// Breaker says when the target's circuit breaker trips and recovers.
	Breaker Breaker `koanf:"circuit_breaker"`
	// Pool bounds what the target may have running and waiting.
	Pool Pool `koanf:"pool"`
	// RateLimit bounds how often attempts may begin.
	RateLimit RateLimit `koanf:"rate_limit"`
	// Hedge says when a second attempt begins beside one that takes long.
	Hedge Hedge `koanf:"hedge"`
	// Fallback says where an operation goes that has failed.
	Fallback Fallback `koanf:"fallback"`
	// Restart bounds how often workers may be restarted.
	Restart Restart `koanf:"restart"`
	// Chaos injects faults, where the program allows it.
	Chaos Chaos `koanf:"chaos"`
	// Keyed bounds the targets that are asked for with keys.
	Keyed Keyed `koanf:"keyed"`
}

// Pool bounds the workers and the waiting operations of one target.
type Pool struct {
	// Workers is the greatest number of attempts that run at one time.
	// Workers start on demand. Default 256, at least 1, at most 1,000,000.
	Workers int `koanf:"workers" range:"[1,1000000]" example:"64"`
	// MaxPending is the greatest number of operations that may wait: for a
	// worker, for a backoff to pass, or for an open breaker. One more is
	// refused. Default 10,000, at least 0, at most 10,000,000.
	MaxPending int `koanf:"max_pending" range:"[0,10000000]" example:"1000"`
	// MaxQueueWait is how long an operation may wait for a worker, or for its
	// turn under a rate limit, before it is refused. Default 0, no bound; at
	// most 24 h.
	MaxQueueWait time.Duration `koanf:"max_queue_wait" range:"[0,24h]" example:"2"`
	// MaxAbandoned is how many functions may go on after their attempts were
	// left behind at attempt_timeout. While that many do, operations are
	// refused. Default 100, at least 1, at most 1,000,000.
	MaxAbandoned int `koanf:"max_abandoned" range:"[1,1000000]" example:"20"`
	// Adaptive lets the number of attempts that may run at one time follow
	// their latency, between MinWorkers and Workers. Default false: it is
	// Workers.
	Adaptive bool `koanf:"adaptive" example:"true"`
	// MinWorkers is the number of attempts that an adaptive target may
	// always have running. Default 1, in a file no more than Workers; at
	// least 1, at most 1,000,000, and at most Workers.
	MinWorkers int `koanf:"min_workers" range:"[1,1000000]" example:"4"`
	// LatencyTolerance is how many times its latency without a queue an
	// adaptive target may take, in the mean, before fewer attempts may run.
	// Less keeps queues shorter, more uses the target better where its
	// latency scatters. Default 1.5, at least 1.1, at most 100.
	LatencyTolerance float64 `koanf:"latency_tolerance" range:"[1.1,100]" example:"2"`
}
