package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Ledger moves money by pgx. It is safe for concurrent use.
type Ledger struct {
	target *supervisor.Target
	pool   *pgxpool.Pool
}

// New returns a ledger whose calls go through the target "ledger".
func New(sup *supervisor.Supervisor, pool *pgxpool.Pool) *Ledger {
	return &Ledger{target: sup.Target("ledger"), pool: pool}
}

// Transfer moves the money once, however often it is asked to.
func (l *Ledger) Transfer(ctx context.Context, t Transfer) error {
	_, err := supervisor.DoOn(ctx, l.target, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, inTransaction(ctx, l.pool, func(tx pgx.Tx) error { return move(ctx, tx, t) })
	}, supervisor.IdempotencyKey(t.ID)) // move recognises a transfer that has been made
	return err
}

// inTransaction is one attempt: the whole transaction, from its begin.
func inTransaction(ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) error) error {
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
	if err != nil {
		return classify.NoEffect(err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // does nothing after a commit
	if err := do(tx); err != nil {
		return classify.NoEffect(err) // what is not committed is rolled back, by whatever ends it
	}
	return tx.Commit(ctx) // nobody may know whether it took effect
}

func move(ctx context.Context, tx pgx.Tx, t Transfer) error {
	recorded, err := tx.Exec(ctx, record, t.ID, t.From, t.To, t.Amount)
	if err != nil || recorded.RowsAffected() == 0 {
		return err // nil: an earlier attempt, or another process, has made it
	}
	taken, err := tx.Exec(ctx, take, t.From, t.Amount)
	if err != nil {
		return err
	}
	if taken.RowsAffected() == 0 {
		return ErrRefused
	}
	_, err = tx.Exec(ctx, give, t.To, t.Amount)
	return err
}

// Balance reads. Whatever happens to an attempt, another is safe.
func (l *Ledger) Balance(ctx context.Context, account string) (int64, error) {
	return supervisor.DoOn(ctx, l.target, func(ctx context.Context) (int64, error) {
		var balance int64
		err := l.pool.QueryRow(ctx, look, account).Scan(&balance)
		return balance, err
	}, supervisor.Idempotent())
}
