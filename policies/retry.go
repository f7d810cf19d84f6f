package policies

import "time"

// Retry is the retry half of a [Policy].
//
//	operation type  MaxAttempts  MinWait  MaxWait
//	worker          3            1 s      10 s
//	storage         5            500 ms   5 s
//	api             4            1 s      15 s
//	scheduler       3            1 s      8 s
type Retry struct {
	// Enabled false makes every operation one direct call whose error comes
	// back as it is. The breaker still guards it. Default true.
	Enabled bool `koanf:"enabled" example:"false"`
	// MaxAttempts is the greatest number of executions, the first included.
	// Default by operation type, at least 1, at most 1,000.
	MaxAttempts int `koanf:"max_attempts" range:"[1,1000]" example:"5"`
	// MinWait is the shortest wait between two attempts. Default by
	// operation type, in a file no more than MaxWait; at least 0, at most 24 h.
	MinWait time.Duration `koanf:"min_wait" range:"[0,24h]" example:"0.5"`
	// MaxWait is the longest computed wait. Default by operation type, in a
	// file no less than MinWait; at least MinWait, at most 24 h.
	MaxWait time.Duration `koanf:"max_wait" range:"[0,24h]" example:"20"`
	// Jitter says how the wait before attempt n+1 is drawn. With
	// top(n) = min(MaxWait, MinWait * 2^n), every wait lies in
	// [MinWait, MaxWait]. Default [JitterFull].
	Jitter Jitter `koanf:"jitter" example:"\"equal\""`
	// MaxElapsed bounds the whole operation: no attempt starts later than
	// this after the operation was accepted. Default 0, no bound.
	MaxElapsed time.Duration `koanf:"max_elapsed" range:"[0,inf)" example:"\"2m\""`
	// MaxServerWait is the longest delay a server may ask for (Retry-After
	// and its kin) that is still honoured. A longer one ends the operation
	// at once. Default 60 s, at least 0, at most 24 h.
	MaxServerWait time.Duration `koanf:"max_server_wait" range:"[0,24h]" example:"30"`
	// AttemptTimeout bounds one attempt. At its end the attempt's context is
	// done, and the attempt counts as a failure whether or not the function
	// heeds that: one that does not is left behind, and its worker replaced.
	// Attempts with a bound run on the worker's goroutine. Default 0, no
	// bound; at most 24 h.
	AttemptTimeout time.Duration `koanf:"attempt_timeout" range:"[0,24h]" example:"10"`
	// WhenOpen says what happens to an operation that meets an open
	// breaker. Default [FailFast].
	WhenOpen WhenOpen `koanf:"when_open" example:"\"park\""`
	// Idempotent says whether an operation may run again when the failed
	// attempt may already have taken effect. Default [IdempotentAuto].
	Idempotent Idempotency `koanf:"idempotent" example:"\"no\""`
	// CustomExceptions names further error conditions that are retried, under
	// the key that Bindu's files have for them. It means what RetryOn means.
	// Default none, at most 1,000 names.
	CustomExceptions []string `koanf:"custom_exceptions" range:"[0,1000]" example:"[\"requests.Timeout\"]"`
	// RetryOn names further error conditions that are retried: it adds to
	// the built-in set and never takes away. Default none, at most
	// 1,000 names.
	RetryOn []string `koanf:"retry_on" range:"[0,1000]" example:"[\"http.404\", \"sql.55P03\"]"`
	// NeverRetry names error conditions that are not retried, whatever else
	// is said about them, here or in an outer block. Default none, at most
	// 1,000 names.
	NeverRetry []string `koanf:"never_retry" range:"[0,1000]" example:"[\"http.500\"]"`
}

// Jitter says how a wait is drawn; see [Retry].
type Jitter string

const (
	// JitterFull draws uniformly from [MinWait, top(n)].
	JitterFull Jitter = "full"
	// JitterEqual draws uniformly from the upper half of that interval.
	JitterEqual Jitter = "equal"
	// JitterNone waits min(MaxWait, MinWait * 2^(n-1)), always the same.
	JitterNone Jitter = "none"
	// JitterDecorrelated draws uniformly from
	// [MinWait, min(MaxWait, 3 * previous wait)]
	// (AWS Architecture Blog, "Exponential Backoff And Jitter").
	JitterDecorrelated Jitter = "decorrelated"
)

// WhenOpen says what becomes of an operation that meets an open breaker.
type WhenOpen string

const (
	// FailFast refuses a new operation, and ends a retry, with an error.
	FailFast WhenOpen = "fail"
	// Park keeps the operation, without worker or goroutine, until the
	// breaker lets calls through or the caller's deadline passes.
	Park WhenOpen = "park"
)

// Idempotency says whether running an operation twice is as good as once.
type Idempotency string

const (
	// IdempotentAuto takes the operation as safe to repeat unless the error
	// shows a request whose method is not (POST, PATCH) and the caller gave
	// no idempotency key.
	IdempotentAuto Idempotency = "auto"
	// IdempotentYes always allows another attempt.
	IdempotentYes Idempotency = "yes"
	// IdempotentNo allows another attempt only when the failed one cannot
	// have taken effect, or the caller gave an idempotency key.
	IdempotentNo Idempotency = "no"
)
