//go:build unix

package ledger

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, a transfer whose commit was answered into a broken connection would
// be made twice.
func TestLostCommitOfAKeyedTransfer(t *testing.T) {
	ways(t, "", func(t *testing.T, r *rig, transfer func(context.Context, Transfer) error) {
		r.wire.loseAnswerTo("commit")
		require.NoError(t, transfer(context.Background(), Transfer{ID: "t", From: "a", To: "b", Amount: 5}))
		r.conditions(1, "sql.not_sent")
		r.balanced(1)
	})
}

// Broken, an operation that does not say that it may be repeated would be,
// although it has taken effect.
func TestLostCommitWithoutAKey(t *testing.T) {
	r := newRig(t, "")
	r.wire.loseAnswerTo("commit")
	_, err := supervisor.Do(context.Background(), r.sup, "ledger", func(ctx context.Context) (int, error) {
		return 0, inTransaction(ctx, r.pool, func(tx pgx.Tx) error {
			return move(ctx, tx, Transfer{ID: "t", From: "a", To: "b", Amount: 5})
		})
	})
	exhausted, ok := errors.AsType[*supervisor.ExhaustedError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, retry.NotIdempotent, exhausted.Reason)
	require.Equal(t, 1, exhausted.Attempts)
	r.balanced(1)
}

// Broken, a transaction that the server has rolled back would fail its caller:
// up to the commit a lost answer is as good as none.
func TestLostAnswerBeforeTheCommit(t *testing.T) {
	r := newRig(t, "")
	// Prepared by every connection before the statement itself, so that the
	// first of its bytes are those of the preparation.
	r.wire.loseAnswerTo("update accounts set balance = balance + ")
	attempts, err := supervisor.Do(context.Background(), r.sup, "ledger", func(ctx context.Context) (int, error) {
		a, _ := supervisor.CurrentAttempt(ctx)
		return a.Number, inTransaction(ctx, r.pool, func(tx pgx.Tx) error {
			return move(ctx, tx, Transfer{ID: "t", From: "a", To: "b", Amount: 5})
		})
	})
	require.NoError(t, err)
	require.Equal(t, 2, attempts)
	r.balanced(1)
}
