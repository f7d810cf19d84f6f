package ledger

import (
	"context"
	"database/sql"

	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// SQLLedger moves money by database/sql. It is safe for concurrent use.
type SQLLedger struct {
	target *supervisor.Target
	db     *sql.DB
}

// NewSQL returns a ledger whose calls go through the target "ledger".
func NewSQL(sup *supervisor.Supervisor, db *sql.DB) *SQLLedger {
	return &SQLLedger{target: sup.Target("ledger"), db: db}
}

// Transfer moves the money once, however often it is asked to.
func (l *SQLLedger) Transfer(ctx context.Context, t Transfer) error {
	_, err := supervisor.DoOn(ctx, l.target, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, inSQLTransaction(ctx, l.db, func(tx *sql.Tx) error { return moveSQL(ctx, tx, t) })
	}, supervisor.IdempotencyKey(t.ID))
	return err
}

func inSQLTransaction(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return classify.NoEffect(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return classify.NoEffect(err)
	}
	return tx.Commit()
}

func moveSQL(ctx context.Context, tx *sql.Tx, t Transfer) error {
	if made, err := affected(tx.ExecContext(ctx, record, t.ID, t.From, t.To, t.Amount)); err != nil || made == 0 {
		return err
	}
	taken, err := affected(tx.ExecContext(ctx, take, t.From, t.Amount))
	if err != nil {
		return err
	}
	if taken == 0 {
		return ErrRefused
	}
	_, err = tx.ExecContext(ctx, give, t.To, t.Amount)
	return err
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Accounts reads all rows before its attempt ends.
func (l *SQLLedger) Accounts(ctx context.Context) (map[string]int64, error) {
	return supervisor.DoOn(ctx, l.target, func(ctx context.Context) (map[string]int64, error) {
		rows, err := l.db.QueryContext(ctx, `SELECT id, balance FROM accounts`)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		balances := make(map[string]int64)
		for rows.Next() {
			var id string
			var balance int64
			if err := rows.Scan(&id, &balance); err != nil {
				return nil, err
			}
			balances[id] = balance
		}
		return balances, rows.Err() // a connection that breaks half-way shows up here
	}, supervisor.Idempotent())
}
