package flaky

import (
	"math/rand/v2"
	"net/http"
	"time"
)

// Fate is the service's answer to one request.
type Fate struct {
	Status int
	// Delay passes before the answer.
	Delay time.Duration
	// RetryAfter, over 0, goes into the answer's Retry-After.
	RetryAfter time.Duration
	// Drip, over 0, passes before each byte of the body.
	Drip time.Duration
	// Reset ends the connection in the middle of the body.
	Reset bool
}

// Pause is the delay that an overloaded service asks its clients for.
const Pause = 500 * time.Millisecond

// Decide draws the fate of one attempt. It depends on nothing but its
// arguments, so all that meet the service in the same phase have the same
// luck: the same attempt of the same operation ends the same way.
func Decide(p Phase, seed uint64, operation, attempt int) Fate {
	draw := rand.New(rand.NewPCG(seed, uint64(operation)<<16+uint64(attempt)))
	luck := draw.Float64()
	between := func(low, high time.Duration) time.Duration {
		return low + time.Duration(draw.Float64()*float64(high-low))
	}
	switch p {
	case Slow:
		return Fate{Status: http.StatusOK, Delay: between(150*time.Millisecond, 400*time.Millisecond)}
	case Overloaded:
		switch {
		case luck < 0.30:
			return Fate{Status: http.StatusTooManyRequests, Delay: 2 * time.Millisecond, RetryAfter: Pause}
		case luck < 0.45:
			return Fate{Status: http.StatusServiceUnavailable, Delay: 2 * time.Millisecond, RetryAfter: Pause}
		}
		return Fate{Status: http.StatusOK, Delay: between(40*time.Millisecond, 120*time.Millisecond)}
	case Recovering:
		if luck < 0.20 {
			return Fate{Status: http.StatusInternalServerError, Delay: between(20*time.Millisecond, 60*time.Millisecond)}
		}
		return Fate{Status: http.StatusOK, Delay: between(20*time.Millisecond, 60*time.Millisecond)}
	}
	f := Fate{Status: http.StatusOK, Delay: between(5*time.Millisecond, 25*time.Millisecond)}
	switch {
	case p == Dripping && luck < 0.5:
		f.Drip = between(20*time.Millisecond, 200*time.Millisecond)
	case p == Resetting && luck < 0.5:
		f.Reset = true
	}
	return f
}
