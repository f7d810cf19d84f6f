//go:build unix

package ledger

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// verdict is what a policy without lists makes of err.
func verdict(err error) classify.Verdict {
	return classify.Classify(err, nil, time.Time{}, classify.Rules{})
}

// Broken, an administrator's shutdown would fail a read that another
// connection can answer.
func TestAdminShutdown(t *testing.T) {
	r := newRig(t, "")
	attempts, err := supervisor.Do(context.Background(), r.sup, "ledger", func(ctx context.Context) (int, error) {
		a, _ := supervisor.CurrentAttempt(ctx)
		if a.Number == 1 {
			_, err := r.pool.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
			return 0, err
		}
		return a.Number, nil
	}, supervisor.Idempotent())
	require.NoError(t, err)
	require.Equal(t, 2, attempts)
	r.conditions(1, "sql.57P01")
}

// Broken, a server without a free connection would be given up, or would not
// open the breaker.
func TestTooManyConnections(t *testing.T) {
	r := newRig(t, "")
	r.exec(`DROP ROLE IF EXISTS crowded`)
	r.exec(`CREATE ROLE crowded LOGIN CONNECTION LIMIT 0`)
	_, err := pgx.Connect(context.Background(), "host="+shared.dir+" user=crowded dbname=postgres sslmode=disable")
	v := verdict(err)
	require.Equal(t, "sql.53300", v.Condition)
	require.Equal(t, policies.Failure, v.Outcome)
	require.True(t, v.Retryable && !v.Ambiguous && v.Overload())
}

// Broken, a password that is wrong would be tried again.
func TestNoSuchRole(t *testing.T) {
	newRig(t, "")
	_, err := pgx.Connect(context.Background(), "host="+shared.dir+" user=nobody dbname=postgres sslmode=disable")
	v := verdict(classify.NoEffect(err))
	require.Equal(t, "sql.28000", v.Condition)
	require.False(t, v.Retryable)
}

// Broken, statements that take too long would be repeated, which makes them
// more, or would not open the breaker. The connection is used again: its
// server is well, and has said that nothing has taken effect.
func TestStatementTimeout(t *testing.T) {
	r := newRig(t, `targets: {ledger: {retry_policy: {when_open: fail}, circuit_breaker: {failure_threshold: 3, recovery_timeout: 1h, max_recovery_timeout: 1h}}}`)
	sleep := func(ctx context.Context) (int, error) {
		a, _ := supervisor.CurrentAttempt(ctx)
		return a.Number, inTransaction(ctx, r.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `SET LOCAL statement_timeout = '5ms'; SELECT pg_sleep(3600)`)
			return err
		})
	}
	for range 3 {
		_, err := supervisor.Do(context.Background(), r.sup, "ledger", sleep)
		v := verdict(err)
		require.Equal(t, "sql.57014", v.Condition)
		require.False(t, v.Retryable || v.Ambiguous)
	}
	r.conditions(3, "sql.57014")
	require.Equal(t, breaker.Open, r.sup.Breaker("ledger").State())
}

// Broken, retry_on would not make an exception from that.
func TestStatementTimeoutThatIsRetried(t *testing.T) {
	r := newRig(t, `targets: {ledger: {retry_policy: {retry_on: [sql.57014]}}}`)
	attempts, err := supervisor.Do(context.Background(), r.sup, "ledger", func(ctx context.Context) (int, error) {
		a, _ := supervisor.CurrentAttempt(ctx)
		if a.Number > 2 {
			return a.Number, nil
		}
		_, err := r.pool.Exec(ctx, `SET LOCAL statement_timeout = '5ms'; SELECT pg_sleep(3600)`)
		return 0, err
	})
	require.NoError(t, err)
	require.Equal(t, 3, attempts)
}

// Broken, a session that the server has ended for idleness would fail whoever
// uses it next.
func TestIdleSession(t *testing.T) {
	r := newRig(t, "")
	conn, err := pgx.Connect(context.Background(), "host="+shared.dir+" user=ledger dbname=postgres sslmode=disable")
	require.NoError(t, err)
	pid := conn.PgConn().PID()
	_, err = conn.Exec(context.Background(), `SET idle_session_timeout = '1ms'`)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		var there bool
		err := r.pool.QueryRow(context.Background(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)`, pid).Scan(&there)
		return err == nil && !there
	}, time.Minute, time.Millisecond)
	_, err = conn.Exec(context.Background(), `SELECT 1`)
	require.Error(t, err)
	require.True(t, verdict(err).Retryable, "%v", err)
}

// Broken, an attempt that takes too long would hold its caller, or a write
// would be repeated that may have taken effect.
func TestAttemptTimeout(t *testing.T) {
	r := newRig(t, `targets: {ledger: {retry_policy: {attempt_timeout: 20ms}}}`)
	hang := func(ctx context.Context) (int, error) {
		a, _ := supervisor.CurrentAttempt(ctx)
		if a.Number > 1 {
			return a.Number, nil
		}
		_, err := r.pool.Exec(ctx, `SELECT pg_sleep(3600)`)
		return 0, err
	}
	attempts, err := supervisor.Do(context.Background(), r.sup, "ledger", hang, supervisor.Idempotent())
	require.NoError(t, err)
	require.Greater(t, attempts, 1)
	_, err = supervisor.Do(context.Background(), r.sup, "ledger", hang)
	var exhausted *supervisor.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, 1, exhausted.Attempts)
}
