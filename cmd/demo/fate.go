package main

import (
	"math/rand/v2"
	"net/http"
	"time"
)

// fate is the service's answer to one request.
type fate struct {
	status int
	// delay passes before the answer.
	delay time.Duration
	// retryAfter, over 0, goes into the answer's Retry-After.
	retryAfter time.Duration
}

// pause is the delay that an overloaded service asks its clients for.
const pause = 500 * time.Millisecond

// decide draws the fate of one attempt. It depends on nothing but its
// arguments, so both runs of a comparison meet the same luck: the same
// attempt of the same operation in the same phase ends the same way.
func decide(p phase, seed uint64, operation, attempt int) fate {
	draw := rand.New(rand.NewPCG(seed, uint64(operation)<<16+uint64(attempt)))
	luck := draw.Float64()
	between := func(low, high time.Duration) time.Duration {
		return low + time.Duration(draw.Float64()*float64(high-low))
	}
	switch p {
	case slow:
		return fate{status: http.StatusOK, delay: between(150*time.Millisecond, 400*time.Millisecond)}
	case overloaded:
		switch {
		case luck < 0.30:
			return fate{status: http.StatusTooManyRequests, delay: 2 * time.Millisecond, retryAfter: pause}
		case luck < 0.45:
			return fate{status: http.StatusServiceUnavailable, delay: 2 * time.Millisecond, retryAfter: pause}
		}
		return fate{status: http.StatusOK, delay: between(40*time.Millisecond, 120*time.Millisecond)}
	case recovering:
		if luck < 0.20 {
			return fate{status: http.StatusInternalServerError, delay: between(20*time.Millisecond, 60*time.Millisecond)}
		}
		return fate{status: http.StatusOK, delay: between(20*time.Millisecond, 60*time.Millisecond)}
	}
	return fate{status: http.StatusOK, delay: between(5*time.Millisecond, 25*time.Millisecond)}
}
