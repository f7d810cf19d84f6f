package classify

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
)

type pgError string

func (pgError) Error() string      { return "pg" }
func (e pgError) SQLState() string { return string(e) }

type pgSafe struct {
	error
	safe bool
}

func (p pgSafe) SafeToRetry() bool { return p.safe }
func (p pgSafe) Unwrap() error     { return p.error }

// Broken, a deadlock would fail an operation, or a duplicate key would open a
// breaker.
func TestDatabaseErrors(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want essence
	}{
		{pgError("40001"), essence{"sql.40001", ignoredPassing}},
		{pgError("40P01"), essence{"sql.40P01", ignoredPassing}},
		{pgError("08006"), essence{"sql.08006", failedAfter}},
		{pgError("08001"), essence{"sql.08001", failedBefore}},
		{pgError("08P01"), essence{"sql.08P01", failed}},
		{pgError("57P01"), essence{"sql.57P01", failedAfter}},
		{pgError("57P02"), essence{"sql.57P02", failedAfter}},
		{pgError("57P03"), essence{"sql.57P03", failedBefore}},
		{pgError("57014"), essence{"sql.57014", failed}},
		{pgError("57P05"), essence{"sql.57P05", ignoredPassing}},
		{pgError("53300"), essence{"sql.53300", failedBefore}},
		{pgError("53200"), essence{"sql.53200", unknown}},
		{pgError("40003"), essence{"sql.40003", failedAfter}},
		{pgError("XX000"), essence{"sql.XX000", unknown}},
		{pgError("55P03"), essence{"sql.55P03", ignored}},
		{pgError("28P01"), essence{"sql.28P01", ignored}},
		{pgError("23505"), essence{"sql.23505", ignored}},
		{pgError("42601"), essence{"sql.42601", ignored}},
		{pgError(""), essence{Unknown, unknown}},
		{pgError("4000"), essence{Unknown, unknown}},
		{pgError("4000a"), essence{Unknown, unknown}},
		{pgSafe{errPlan, true}, essence{SQLNotSent, failedAfter}},
		{pgSafe{context.DeadlineExceeded, true}, essence{SQLNotSent, failedAfter}},
		{pgSafe{context.Canceled, true}, essence{Canceled, meanings[Canceled]}},
		{pgSafe{errPlan, false}, essence{Unknown, unknown}},
		{pgSafe{pgError("40001"), false}, essence{"sql.40001", ignoredPassing}},
		{fmt.Errorf("exec: %w", driver.ErrBadConn), essence{SQLBadConn, failedAfter}},
		{sql.ErrNoRows, essence{SQLNoRows, ignored}},
		{sql.ErrTxDone, essence{SQLDone, ignored}},
		{sql.ErrConnDone, essence{SQLDone, ignored}},
	} {
		assert.Equal(t, tt.want, essenceOf(verdictOf(tt.err)), "%#v", tt.err)
	}
}

// Broken, a caller who cancels would count against the database where the
// driver has the server end the statement, and a statement cut short by
// attempt_timeout would not be tried again.
func TestStatementsThatAreCancelled(t *testing.T) {
	for _, err := range []error{pgError("57014"), sql.ErrTxDone, fmt.Errorf("commit: %w", sql.ErrTxDone)} {
		v := Classify(err, context.Canceled, noon, Rules{})
		assert.Equal(t, essence{CallerCanceled, meanings[CallerCanceled]}, essenceOf(v), "%v", err)
		assert.True(t, v.CallerGone)
		v = Classify(err, context.DeadlineExceeded, noon, Rules{})
		assert.Equal(t, essence{CallerDeadline, meanings[CallerDeadline]}, essenceOf(v), "%v", err)

		late := &attemptTimeout{err}
		assert.Equal(t, essence{AttemptDeadline, failedAfter}, essenceOf(verdictOf(late)), "%v", err)
	}
	assert.Equal(t, essence{"sql.23505", ignored}, essenceOf(Classify(pgError("23505"), context.Canceled, noon, Rules{})))
}

// Broken, what cleaning up says would hide what went wrong.
func TestFinishedTransactionsAreTheLastToBeAskedAbout(t *testing.T) {
	lost := errors.Join(io.ErrUnexpectedEOF, sql.ErrTxDone)
	assert.Equal(t, essence{IOUnexpectedEOF, failedAfter}, essenceOf(verdictOf(lost)))
	deadlock := errors.Join(pgError("40P01"), sql.ErrTxDone)
	assert.Equal(t, essence{"sql.40P01", ignoredPassing}, essenceOf(verdictOf(deadlock)))
}
