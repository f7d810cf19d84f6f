package classify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

var (
	noon    = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	errPlan = errors.New("the plan failed")
)

// verdictOf classifies for a caller that waits, with nothing added.
func verdictOf(err error) Verdict { return Classify(err, nil, noon, Rules{}) }

// essence is the part of a verdict most tables compare.
type essence struct {
	condition string
	meaning
}

func essenceOf(v Verdict) essence {
	return essence{v.Condition, meaning{v.Outcome, v.Retryable, v.Ambiguous}}
}

func conditions(t *testing.T, names ...string) Conditions {
	t.Helper()
	c, err := ParseConditions(names)
	require.NoError(t, err)
	return c
}

// retryOn is the rules of a policy that only adds to what is retried.
func retryOn(t *testing.T, names ...string) Rules {
	t.Helper()
	r, err := RulesOf(policies.Policy{Retry: policies.Retry{RetryOn: names}})
	require.NoError(t, err)
	return r
}

// Broken, every successful call would pay for, or suffer from, failures.
func TestSuccess(t *testing.T) {
	assert.Equal(t, Verdict{}, verdictOf(nil))
	assert.Equal(t, Verdict{}, Classify(nil, context.Canceled, noon, Rules{}))
	assert.Zero(t, testing.AllocsPerRun(100, func() { verdictOf(nil) }))
}

// Broken, an error nothing is known about would be retried, or never open a
// breaker.
func TestUnknownErrorsFailAndAreNotRetried(t *testing.T) {
	for _, err := range []error{errPlan, io.EOF, fmt.Errorf("read: %w", io.EOF), &silent{}} {
		v := verdictOf(err)
		assert.Equal(t, essence{Unknown, unknown}, essenceOf(v), "%v", err)
		assert.Equal(t, err, v.Err)
	}
}

type silent struct{}

func (*silent) Error() string { return "" }

// Broken, what a caller marked as permanent would be retried, its marker
// would reach the caller, or a caller's mistakes would open the breaker.
func TestPermanent(t *testing.T) {
	busy := &StatusError{StatusCode: 503}
	for _, tt := range []struct {
		name    string
		err     error
		outcome policies.Outcome
		want    error
	}{
		{"a mistake", backoff.Permanent(errPlan), policies.Ignored, errPlan},
		{"twice", backoff.Permanent(backoff.Permanent(errPlan)), policies.Ignored, errPlan},
		{"a known failure", backoff.Permanent(busy), policies.Failure, busy},
		{"a missing file", backoff.Permanent(fs.ErrNotExist), policies.Ignored, fs.ErrNotExist},
		{"a marked failure", backoff.Permanent(Retryable(errPlan)), policies.Failure, Retryable(errPlan)},
		{"without a cause", &backoff.PermanentError{}, policies.Ignored, errNoCause},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := Classify(tt.err, nil, noon, retryOn(t, Unknown, "http.503", "file.not_exist"))
			assert.False(t, v.Retryable)
			assert.Equal(t, Permanent, v.Condition)
			assert.Equal(t, tt.outcome, v.Outcome)
			assert.Equal(t, tt.want, v.Err)
		})
	}
	for _, err := range []error{
		fmt.Errorf("step 2: %w", backoff.Permanent(busy)),
		errors.Join(io.ErrUnexpectedEOF, backoff.Permanent(errPlan)),
		Retryable(backoff.Permanent(errPlan)),
	} {
		v := verdictOf(err)
		assert.False(t, v.Retryable, "a marker below the top: %v", err)
		assert.Equal(t, err, v.Err, "only a marker at the top is taken off")
	}
}

// Broken, calls that hang would never open a breaker, callers who give up
// would, or work would go on for a caller who has left.
func TestCallerIsDone(t *testing.T) {
	busy := &StatusError{StatusCode: 503}
	canceled, deadline := context.Canceled, context.DeadlineExceeded
	for _, tt := range []struct {
		name        string
		err, caller error
		condition   string
		outcome     policies.Outcome
		gone        bool
	}{
		{"cancelled", canceled, canceled, CallerCanceled, policies.Ignored, true},
		{"cancelled, wrapped", fmt.Errorf("get: %w", canceled), canceled, CallerCanceled, policies.Ignored, true},
		{"cancelled as an attempt ran out", deadline, canceled, CallerCanceled, policies.Ignored, true},
		{"cancelled, gRPC", grpcError(1), canceled, CallerCanceled, policies.Ignored, true},
		{"cancelled, another error", busy, canceled, "http.503", policies.Failure, true},
		{"cancelled, a final error", &StatusError{StatusCode: 404}, canceled, "http.404", policies.Ignored, false},
		{"cancelled, an unknown error", errPlan, canceled, Unknown, policies.Failure, false},
		{"cancelled, marked retryable", Retryable(canceled), canceled, CallerCanceled, policies.Ignored, true},
		{"deadline", deadline, deadline, CallerDeadline, policies.Failure, true},
		{"deadline, cancelled inside", canceled, deadline, CallerDeadline, policies.Failure, true},
		{"deadline, gRPC", grpcError(4), deadline, CallerDeadline, policies.Failure, true},
		{"deadline, another error", busy, deadline, "http.503", policies.Failure, true},
		{"deadline, ignored", Ignore(deadline), deadline, CallerDeadline, policies.Ignored, true},
		{"deadline, permanent", backoff.Permanent(deadline), deadline, Permanent, policies.Failure, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := Classify(tt.err, tt.caller, noon, Rules{})
			assert.False(t, v.Retryable)
			assert.Equal(t, tt.condition, v.Condition)
			assert.Equal(t, tt.outcome, v.Outcome)
			assert.Equal(t, tt.gone, v.CallerGone)
		})
	}
	v := Classify(errPlan, canceled, noon, retryOn(t, Unknown))
	assert.False(t, v.Retryable, "a custom condition does not bring the caller back")
	assert.True(t, v.CallerGone)
}

// Broken, an attempt's own deadline would end the operation, or an inner
// cancellation would be held against the target.
func TestContextErrorsWhileTheCallerWaits(t *testing.T) {
	assert.Equal(t, essence{AttemptDeadline, failedAfter}, essenceOf(verdictOf(context.DeadlineExceeded)))
	v := verdictOf(fmt.Errorf("sibling: %w", context.Canceled))
	assert.Equal(t, essence{Canceled, meanings[Canceled]}, essenceOf(v))
	assert.False(t, v.CallerGone)
}

// Broken, custom_exceptions would take retries away, or change what a breaker
// counts.
func TestCustomConditionsOnlyAdd(t *testing.T) {
	extra := retryOn(t, "http.404", "*net.OpError")
	notFound := &StatusError{StatusCode: 404}
	assert.False(t, verdictOf(notFound).Retryable)
	v := Classify(notFound, nil, noon, extra)
	assert.True(t, v.Retryable)
	assert.Equal(t, policies.Ignored, v.Outcome)
	assert.True(t, Classify(&StatusError{StatusCode: 500}, nil, noon, extra).Retryable)
	assert.False(t, Classify(fs.ErrNotExist, nil, noon, extra).Retryable)
}

// Broken, an error deep in a long chain would be missed.
func TestDeepChains(t *testing.T) {
	err := error(&StatusError{StatusCode: 503})
	for range 10_000 {
		err = fmt.Errorf("%w", err)
	}
	assert.Equal(t, "http.503", verdictOf(err).Condition)
	assert.Equal(t, "http.503", verdictOf(errors.Join(errPlan, errors.Join(errPlan, err))).Condition)
}
