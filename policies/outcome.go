package policies

// Outcome is what one finished attempt means to a circuit breaker.
type Outcome uint8

const (
	// Success counts for the target.
	Success Outcome = iota
	// Failure counts against it.
	Failure
	// Ignored counts for nobody: the caller gave up, or the error says
	// nothing about the target's health.
	Ignored
	// Throttled means the target is well and asks for fewer calls (HTTP
	// 429). It neither trips nor closes a breaker.
	Throttled
	// Walled means that the target turns every call away until a moment that
	// no waiting brings nearer: the quota is used up, a bill is unpaid. It
	// opens a breaker at once, and is neither success nor failure.
	Walled
)

var outcomeNames = [...]string{"success", "failure", "ignored", "throttled", "walled"}

// MarshalText implements [encoding.TextMarshaler].
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// String returns the outcome's name in lower case.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "unknown"
}
