package supervisor

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// If these failed, a caller could not find what it must act on, or a person
// could not read what went wrong.

func TestAnExhaustedErrorReachesBothItsErrors(t *testing.T) {
	for name, c := range map[string]struct {
		e    *ExhaustedError
		says string
		is   []error
	}{
		"the attempt's": {&ExhaustedError{Target: "x", Attempts: 3, Reason: retry.MaxAttempts, Err: errPlain},
			`operation on "x" failed after 3 attempts (max_attempts): plain failure`, []error{errPlain}},
		"and what ended it": {&ExhaustedError{Target: "x", Attempts: 1, Reason: ReasonShutdown, Err: errPlain, Cause: ErrShutdown},
			`operation on "x" failed after 1 attempt (shutdown): the supervisor is shut down: plain failure`, []error{errPlain, ErrShutdown}},
		"only that": {&ExhaustedError{Target: "x", Attempts: 1, Reason: retry.CallerGone, Cause: ErrShutdown},
			`operation on "x" failed after 1 attempt (caller_gone): the supervisor is shut down`, []error{ErrShutdown}},
		"neither": {&ExhaustedError{Target: "x", Attempts: 2, Reason: ReasonOverloaded},
			`operation on "x" failed after 2 attempts (overloaded)`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			assert.EqualError(t, c.e, c.says)
			assert.Equal(t, c.is, c.e.Unwrap())
			for _, is := range c.is {
				assert.ErrorIs(t, c.e, is)
			}
		})
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	assert.EqualError(t, &RejectedError{Target: "x", Err: ErrOverloaded},
		`operation on "x" rejected: too many operations wait; raise pool.max_pending or pool.workers, or send fewer`)
	assert.Equal(t, ErrOverloaded, errors.Unwrap(&RejectedError{Err: ErrOverloaded}))

	conflict := &ConflictError{Name: "x", Want: policies.Breaker{FailureThreshold: 7}}
	assert.ErrorIs(t, conflict, ErrConflict)
	assert.NotErrorIs(t, conflict, ErrOpen)
	assert.ErrorContains(t, conflict, "failure_threshold is 0, asked for was 7")
	assert.NotContains(t, conflict.Error(), "probe_lease", "which does not differ")

	stragglers := &StragglersError{Stragglers: []Straggler{{"x", "op-1"}, {Target: "event subscribers"}}, Cause: errPlain}
	assert.EqualError(t, stragglers, "shutdown ended with 2 still running (x op-1, event subscribers): plain failure")
	assert.ErrorIs(t, stragglers, errPlain)

	assert.False(t, (&ResultTypeError{}).Retryable())
	open := &OpenError{Name: "x", Until: time.Unix(0, 0)}
	assert.ErrorIs(t, open, ErrOpen)
}
