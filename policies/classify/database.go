package classify

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// database is the table for database/sql's own errors and for drivers that
// give an SQLSTATE (pgx, lib/pq) or say that nothing was sent (pgx).
func database(err error) (string, meaning, bool) {
	name := ""
	switch {
	case errors.Is(err, driver.ErrBadConn):
		name = SQLBadConn
	case errors.Is(err, sql.ErrNoRows):
		name = SQLNoRows
	case errors.Is(err, sql.ErrTxDone), errors.Is(err, sql.ErrConnDone):
		name = SQLDone
	}
	if name != "" {
		return name, meanings[name], true
	}
	if e, ok := errors.AsType[interface {
		error
		SafeToRetry() bool
	}](err); ok && e.SafeToRetry() && !errors.Is(err, context.Canceled) {
		return SQLNotSent, meanings[SQLNotSent], true
	}
	if state, ok := sqlState(err); ok {
		return "sql." + state, sqlMeaning(state), true
	}
	return "", meaning{}, false
}

func sqlState(err error) (string, bool) {
	e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	if !ok || !isSQLState(e.SQLState()) {
		return "", false
	}
	return e.SQLState(), true
}

func isSQLState(s string) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return len(s) == 5
}

// sqlMeaning follows PostgreSQL's appendix A, "PostgreSQL Error Codes".
func sqlMeaning(state string) meaning {
	switch state {
	case "40001", "40P01":
		// Serialisation failure and deadlock: rolled back, meant to be run again.
		return ignoredPassing
	case "08001", "08004", "57P03":
		// Could not connect, was rejected, cannot connect now.
		return failedBefore
	case "57P01", "57P02":
		// The server shut down or crashed under the statement.
		return failedAfter
	case "08P01":
		return failed
	case "57014":
		// Cancelled, by a statement timeout unless by the caller.
		return failed
	}
	switch state[:2] {
	case "08":
		return failedAfter
	case "53", "54", "57", "58", "F0", "XX":
		// Resources, limits, operators, system, configuration, internal.
		return unknown
	}
	return ignored
}
