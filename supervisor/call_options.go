package supervisor

import (
	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/policies"
)

// CallOption changes how one operation is treated.
type CallOption func(*callOptions)

type callOptions struct {
	key        string
	idempotent bool
	unsafe     bool              // see NotIdempotent
	whenOpen   policies.WhenOpen // empty: as the policy says
	backOff    func() backoff.BackOff
	fallback   any // a lastResort of the operation's type
	hops       int // from target to target so far
}

// noOptions serves every call without options. Nobody writes to it.
var noOptions callOptions

func gather(options []CallOption) *callOptions {
	if len(options) == 0 {
		return &noOptions
	}
	return gatherSome(options)
}

func gatherSome(options []CallOption) *callOptions {
	o := &callOptions{}
	for _, option := range options {
		if option != nil {
			option(o)
		}
	}
	return o
}

// IdempotencyKey gives the key that attempts offer to servers, and says that
// the operation may be repeated even when an attempt may have taken effect.
func IdempotencyKey(key string) CallOption {
	return func(o *callOptions) { o.key = key }
}

// Idempotent says that running the operation twice is as good as once.
func Idempotent() CallOption {
	return func(o *callOptions) { o.idempotent = true }
}

// NotIdempotent says that running the operation twice is not as good as once,
// as an error that shows the request would (see classify.Verdict's Unsafe): after
// an attempt that may have taken effect there is no other, unless the target's
// policy says idempotent: yes, or the caller gives an [IdempotencyKey]. Give it
// where an attempt may end without such an error, as one does that is left behind
// at attempt_timeout.
func NotIdempotent() CallOption {
	return func(o *callOptions) { o.unsafe = true }
}

// ParkWhenOpen keeps the operation, instead of refusing it, while the
// target's breaker is open.
func ParkWhenOpen() CallOption {
	return func(o *callOptions) { o.whenOpen = policies.Park }
}

// FailWhenOpen refuses the operation while the target's breaker is open,
// whatever the policy says.
func FailWhenOpen() CallOption {
	return func(o *callOptions) { o.whenOpen = policies.FailFast }
}

// BackOff takes the operation's waits from a [backoff.BackOff] of the
// caller's own, which make returns afresh for the operation. backoff.Stop
// ends the operation. max_attempts, max_elapsed and a server's own delay
// stay in force; min_wait and max_wait do not.
func BackOff(make func() backoff.BackOff) CallOption {
	return func(o *callOptions) { o.backOff = make }
}
