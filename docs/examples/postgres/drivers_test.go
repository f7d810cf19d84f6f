//go:build unix

package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

const insertTwice = `INSERT INTO notes VALUES ('once')`

func (r *rig) notes() int64 { return r.number(`SELECT count(*) FROM notes`) }

// What the page says of drivers that repeat statements by themselves. If it
// fails with a new version of pgx or lib/pq, that is good news, and the page
// is to say so.
func TestDriversRepeatLostStatements(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, "")
	r.exec(`DROP TABLE IF EXISTS notes; CREATE TABLE notes (note text)`)

	r.wire.loseAnswerTo("insert into notes")
	_, err := r.pool.Exec(ctx, insertTwice)
	require.True(t, pgconn.SafeToRetry(err), "pgx says of a statement that has run that it was not sent: %v", err)
	require.EqualValues(t, 1, r.notes())

	r.wire.loseAnswerTo("insert into notes")
	_, err = r.db.ExecContext(ctx, insertTwice)
	require.NoError(t, err)
	require.EqualValues(t, 3, r.notes(), "database/sql has run it twice, with pgx")

	r.wire.loseAnswerTo("insert into notes")
	_, err = r.db.ExecContext(ctx, `INSERT INTO notes VALUES ($1)`, "once")
	require.Error(t, err)

	before := r.notes()
	connector, err := pq.NewConnector("host=" + shared.dir + " user=ledger dbname=postgres sslmode=disable")
	require.NoError(t, err)
	connector.Dialer(wiredDialer{r.wire})
	db := sql.OpenDB(connector)
	defer db.Close()
	r.wire.loseAnswerTo("insert into notes")
	_, err = db.ExecContext(ctx, insertTwice)
	require.NoError(t, err)
	require.EqualValues(t, 2, r.notes()-before, "database/sql has run it twice, with lib/pq")

	tx, err := db.BeginTx(ctx, nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(ctx, insertTwice)
	require.NoError(t, err)
	r.wire.loseAnswerTo("commit")
	require.ErrorIs(t, tx.Commit(), driver.ErrBadConn)
	require.EqualValues(t, 3, r.notes()-before, "lib/pq says bad connection of a commit that has taken effect")
}

type wiredDialer struct{ *wire }

func (d wiredDialer) Dial(network, address string) (net.Conn, error) {
	return d.dial(context.Background(), network, address)
}

func (d wiredDialer) DialTimeout(network, address string, _ time.Duration) (net.Conn, error) {
	return d.Dial(network, address)
}

// badDriver has no connection that works.
type badDriver struct{ begun atomic.Int64 }

func (d *badDriver) Connect(context.Context) (driver.Conn, error) { return badConn{d}, nil }
func (d *badDriver) Driver() driver.Driver                        { return nil }

type badConn struct{ d *badDriver }

func (c badConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrBadConn }
func (c badConn) Close() error                        { return nil }
func (c badConn) Begin() (driver.Tx, error)           { return nil, driver.ErrBadConn }

func (c badConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	c.d.begun.Add(1)
	return nil, driver.ErrBadConn
}

// What the page says of how attempts multiply: database/sql tries three times
// what its driver calls a bad connection, each time at once.
func TestDatabaseSQLTriesThreeTimes(t *testing.T) {
	p := policies.Default(policies.Storage)
	p.Retry.MaxAttempts, p.Retry.MinWait, p.Retry.MaxWait = 4, 0, 0
	set, err := policies.NewSet(map[string]policies.Policy{"ledger": p})
	require.NoError(t, err)
	sup, err := supervisor.New(set)
	require.NoError(t, err)
	defer func() { require.NoError(t, sup.Shutdown(context.Background())) }()

	bad := &badDriver{}
	db := sql.OpenDB(bad)
	defer db.Close()
	err = NewSQL(sup, db).Transfer(context.Background(), Transfer{ID: "t"})
	var exhausted *supervisor.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.ErrorIs(t, err, driver.ErrBadConn)
	require.Equal(t, 4, exhausted.Attempts)
	require.EqualValues(t, 4*3, bad.begun.Load())
}

// What the page says of rows: they end with the attempt that asked for them.
func TestRowsEndWithTheirAttempt(t *testing.T) {
	r := newRig(t, "")
	ctx := context.Background()
	rows, err := supervisor.Do(ctx, r.sup, "ledger", func(ctx context.Context) (*sql.Rows, error) {
		return r.db.QueryContext(ctx, `SELECT generate_series(1, 100000)`)
	}, supervisor.Idempotent())
	require.NoError(t, err)
	n := 0
	for rows.Next() {
		n++
	}
	require.ErrorIs(t, rows.Err(), context.Canceled)
	require.Less(t, n, 100000)

	balances, err := NewSQL(r.sup, r.db).Accounts(ctx)
	require.NoError(t, err)
	require.Len(t, balances, 4)
	balance, err := New(r.sup, r.pool).Balance(ctx, "a")
	require.NoError(t, err)
	require.EqualValues(t, opening, balance)
}

// Broken, an answer would be taken for a fault: retried, or counted.
func TestRefusedTransfer(t *testing.T) {
	ways(t, "", func(t *testing.T, r *rig, transfer func(context.Context, Transfer) error) {
		err := transfer(context.Background(), Transfer{ID: "t", From: "a", To: "b", Amount: opening + 1})
		require.ErrorIs(t, err, ErrRefused)
		v := verdict(err)
		require.Equal(t, policies.Ignored, v.Outcome)
		require.False(t, v.Retryable)
		r.balanced(0)
	})
}
