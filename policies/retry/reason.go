package retry

// Reason says why an operation gets no further attempt.
type Reason string

// The reasons.
const (
	NotRetryable   Reason = "not_retryable"
	MaxAttempts    Reason = "max_attempts"
	MaxElapsed     Reason = "max_elapsed"
	CallerDeadline Reason = "caller_deadline"
	CallerGone     Reason = "caller_gone"
	ServerDelay    Reason = "server_delay"
	NotIdempotent  Reason = "not_idempotent"
	BreakerOpen    Reason = "breaker_open"
	BackoffStop    Reason = "backoff_stop"
	Disabled       Reason = "disabled"
	// Unlikely is a supervisor's, of policies that adapt.
	Unlikely     Reason = "unlikely"
	ExternalWall Reason = "external_wall"
	// BudgetExhausted is not Decide's: whoever counts the retries of all
	// operations gives it, when Decide has allowed one.
	BudgetExhausted Reason = "budget_exhausted"
)

var explanations = map[Reason]string{
	NotRetryable: "The error is not one that another attempt can mend; " +
		"if it is, name its condition in retry_on, or mark it with classify.Retryable. The list never_retry may be why.",
	MaxAttempts: "All attempts that max_attempts allows were used.",
	MaxElapsed: "The next attempt would have started later than max_elapsed " +
		"after the operation was accepted.",
	CallerDeadline: "The caller's deadline leaves no time for another attempt.",
	CallerGone:     "The caller cancelled the operation.",
	ServerDelay:    "The server asked for a longer delay than max_server_wait allows.",
	NotIdempotent: "The failed attempt may have taken effect and the operation is not safe to repeat; " +
		"give it an idempotency key, or set idempotent to yes.",
	BreakerOpen: "The circuit breaker is open; set when_open to park to wait for it instead.",
	BackoffStop: "The operation's own backoff asked to stop.",
	Disabled:    "Retries are disabled for this target.",
	Unlikely: "What became of the target's recent attempts says that another would hardly succeed; " +
		"lower adaptive_retry.min_success to retry all the same.",
	ExternalWall: "The target turns every call away until a quota or a bill is renewed, so another attempt meets the same; " +
		"the breaker is open until then.",
	BudgetExhausted: "The retry budget is exhausted: the latest calls allow no more retries; " +
		"raise retry_budget.ratio or retry_budget.min_per_second if the target can bear them.",
}

// Explain returns the reason as a sentence for people, with what to do about
// it where something can be done.
func (r Reason) Explain() string {
	if text, ok := explanations[r]; ok {
		return text
	}
	return "The operation ended for the reason \"" + string(r) + "\"."
}
