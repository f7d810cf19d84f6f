package policies

// Jitters lists the ways to draw a wait, in a fixed order.
func Jitters() []Jitter {
	return []Jitter{JitterFull, JitterEqual, JitterNone, JitterDecorrelated}
}

// WhenOpens lists what may become of an operation that meets an open breaker.
func WhenOpens() []WhenOpen { return []WhenOpen{FailFast, Park} }

// Idempotencies lists what may be said about running an operation twice.
func Idempotencies() []Idempotency {
	return []Idempotency{IdempotentAuto, IdempotentYes, IdempotentNo}
}

// WhenExceededs lists what may become of an operation whose turn has not come.
func WhenExceededs() []WhenExceeded { return []WhenExceeded{Wait, Refuse} }

// Escalations lists what a supervisor may do past its restart intensity.
func Escalations() []Escalation { return []Escalation{TripBreaker, StopTarget, Escalate} }
