package classify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

type refusal struct {
	*StatusError
	safe bool
}

func (r refusal) Unwrap() error     { return r.StatusError }
func (r refusal) SafeToRetry() bool { return r.safe }

// Broken, a server that says it has done nothing would not be asked again, or
// one that says nothing of the kind would be, with a POST.
func TestAnErrorSaysThatNothingHasHappened(t *testing.T) {
	for _, safe := range []bool{true, false} {
		v := verdictOf(fmt.Errorf("wrapped: %w", refusal{&StatusError{Method: "POST", StatusCode: 500}, safe}))
		assert.Equal(t, "http.500", v.Condition)
		assert.Equal(t, policies.Failure, v.Outcome)
		assert.True(t, v.Retryable)
		assert.True(t, v.Unsafe)
		assert.Equal(t, !safe, v.Ambiguous)
	}
}

// Broken, a write would be given up for want of a connection, or repeated
// although it may have taken effect.
func TestNoEffect(t *testing.T) {
	before := func(name string, m meaning) essence { m.ambiguous = false; return essence{name, m} }
	for _, tt := range []struct {
		err  error
		want essence
	}{
		{NoEffect(io.ErrUnexpectedEOF), before(IOUnexpectedEOF, failedAfter)},
		{NoEffect(context.DeadlineExceeded), before(AttemptDeadline, failedAfter)},
		{NoEffect(pgError("57P01")), before("sql.57P01", failedAfter)},
		{NoEffect(pgError("28P01")), before("sql.28P01", ignored)},
		{NoEffect(errPlan), before(Unknown, unknown)},
		{NoEffect(pgSafe{errPlan, true}), before(SQLNotSent, failedAfter)},
		{pgSafe{NoEffect(errPlan), true}, before(SQLNotSent, failedAfter)},
		{pgSafe{errPlan, true}, essence{SQLNotSent, failedAfter}},
		{Retryable(NoEffect(errPlan)), before(Explicit, failedAfter)},
		{NoEffect(Retryable(errPlan)), before(Explicit, failedAfter)},
		{&attemptTimeout{fmt.Errorf("transfer: %w", NoEffect(errPlan))}, before(AttemptDeadline, failedAfter)},
		{errors.Join(io.ErrUnexpectedEOF, NoEffect(errPlan)), essence{IOUnexpectedEOF, failedAfter}},
		{NoEffect(errors.Join(io.ErrUnexpectedEOF, errPlan)), before(IOUnexpectedEOF, failedAfter)},
	} {
		assert.Equal(t, tt.want, essenceOf(verdictOf(tt.err)), "%v", tt.err)
	}
	assert.NoError(t, NoEffect(nil))
	assert.Same(t, errPlan, errors.Unwrap(NoEffect(errPlan)))
	assert.Equal(t, policies.Ignored, verdictOf(Ignore(NoEffect(errPlan))).Outcome)
}

// attemptTimeout is an error as the supervisor has it.
type attemptTimeout struct{ error }

func (e *attemptTimeout) Unwrap() error        { return e.error }
func (e *attemptTimeout) Is(target error) bool { return target == context.DeadlineExceeded }
