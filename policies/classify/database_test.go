package classify

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
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
	refused := meaning{outcome: policies.Failure, ambiguous: true}
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
		{pgError("53300"), essence{"sql.53300", refused}},
		{pgError("XX000"), essence{"sql.XX000", refused}},
		{pgError("23505"), essence{"sql.23505", ignored}},
		{pgError("42601"), essence{"sql.42601", ignored}},
		{pgError(""), essence{Unknown, unknown}},
		{pgError("4000"), essence{Unknown, unknown}},
		{pgError("4000a"), essence{Unknown, unknown}},
		{pgSafe{errPlan, true}, essence{SQLNotSent, failedBefore}},
		{pgSafe{context.DeadlineExceeded, true}, essence{SQLNotSent, failedBefore}},
		{pgSafe{context.Canceled, true}, essence{Canceled, meanings[Canceled]}},
		{pgSafe{errPlan, false}, essence{Unknown, unknown}},
		{pgSafe{pgError("40001"), false}, essence{"sql.40001", ignoredPassing}},
		{fmt.Errorf("exec: %w", driver.ErrBadConn), essence{SQLBadConn, failedBefore}},
		{sql.ErrNoRows, essence{SQLNoRows, ignored}},
		{sql.ErrTxDone, essence{SQLDone, ignored}},
		{sql.ErrConnDone, essence{SQLDone, ignored}},
	} {
		assert.Equal(t, tt.want, essenceOf(verdictOf(tt.err)), "%#v", tt.err)
	}
}
