package policies

// RateLimit is the part of a [Policy] that says how often attempts may begin.
type RateLimit struct {
	// Rate is how many attempts a second may begin, retries included. The
	// rest wait, or are refused. Default 0, no bound; at most 1,000,000.
	Rate float64 `koanf:"rate" range:"[0,1000000]" example:"50"`
	// Burst is how many may begin at one time when none has for a while.
	// Default 1, at least 1, at most 1,000,000.
	Burst int `koanf:"burst" range:"[1,1000000]" example:"10"`
	// WhenExceeded says what happens to a new operation whose turn has not
	// come, because of Rate or because the target is paused. An operation
	// that has run, or was parked, waits for its next turn. Default [Wait].
	WhenExceeded WhenExceeded `koanf:"when_exceeded" example:"\"refuse\""`
	// ServerPacing pauses the whole target, for every caller, for as long as
	// a failed attempt's server asks to be left alone (Retry-After and its
	// kin), at most max_server_wait. Default true.
	ServerPacing bool `koanf:"server_pacing" example:"false"`
}

// WhenExceeded says what becomes of an operation whose turn has not come.
type WhenExceeded string

const (
	// Wait keeps the operation, without worker or goroutine, until its turn
	// has come. One that could not begin before its caller's deadline is
	// refused at once.
	Wait WhenExceeded = "wait"
	// Refuse ends the operation with an error that says when to come again.
	Refuse WhenExceeded = "refuse"
)
