// Package ledger moves money in a PostgreSQL database, each transfer once,
// whatever happens to the server meanwhile. It is the example of
// docs/databases.md, by pgx and by database/sql.
package ledger

import (
	"errors"

	"github.com/holdfast-go/holdfast/policies/classify"
)

// Schema is what the statements below work on.
const Schema = `
CREATE TABLE accounts (
	id      text   PRIMARY KEY,
	balance bigint NOT NULL CHECK (balance >= 0)
);
CREATE TABLE transfers (
	id       text   PRIMARY KEY, -- chosen by who asks for the transfer: its idempotency key
	sender   text   NOT NULL REFERENCES accounts,
	receiver text   NOT NULL REFERENCES accounts,
	amount   bigint NOT NULL
);`

const (
	record = `INSERT INTO transfers (id, sender, receiver, amount) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`
	take   = `UPDATE accounts SET balance = balance - $2 WHERE id = $1 AND balance >= $2`
	give   = `UPDATE accounts SET balance = balance + $2 WHERE id = $1`
	look   = `SELECT balance FROM accounts WHERE id = $1`
)

// Transfer is money on its way.
type Transfer struct {
	ID       string // names the transfer; two with one id are one
	From, To string
	Amount   int64
}

// ErrRefused says that the sender has too little. It is an answer, not a fault:
// not retried, and no breaker counts it.
var ErrRefused = classify.Ignore(errors.New("not enough money"))
