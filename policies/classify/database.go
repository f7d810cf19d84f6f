package classify

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// sqlCanceled is how a server says that it was asked to stop a statement: by a
// statement_timeout, or by a driver whose context ended.
const sqlCanceled = "sql.57014"

// database is the table for database/sql's own errors and for drivers that
// give an SQLSTATE (pgx, lib/pq) or say that nothing was sent (pgx).
func database(err error, _ survey) (string, meaning, bool) {
	switch {
	case errors.Is(err, driver.ErrBadConn):
		return SQLBadConn, meanings[SQLBadConn], true
	case errors.Is(err, sql.ErrNoRows):
		return SQLNoRows, meanings[SQLNoRows], true
	}
	if e, ok := errors.AsType[safeRetrier](err); ok && e.SafeToRetry() && !errors.Is(err, context.Canceled) {
		return SQLNotSent, meanings[SQLNotSent], true
	}
	if state, ok := sqlState(err); ok {
		name := "sql." + state
		if name == sqlCanceled && errors.Is(err, context.DeadlineExceeded) {
			return AttemptDeadline, meanings[AttemptDeadline], true
		}
		return name, sqlMeaning(state), true
	}
	return "", meaning{}, false
}

// finished is the table for uses of a transaction or connection that is over.
func finished(err error) string {
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, sql.ErrConnDone) {
		return SQLDone
	}
	return ""
}

func sqlState(err error) (string, bool) {
	e, ok := errors.AsType[sqlStater](err)
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
	case "08001", "08004", "57P03", "53300":
		// Could not connect, was rejected, cannot connect now, too many
		// connections.
		return failedBefore
	case "57P05":
		// The session had been idle for too long: the statement came too late.
		return ignoredPassing
	case "57P01", "57P02", "40003":
		// The server shut down or crashed under the statement; or does not
		// know whether it completed.
		return failedAfter
	case "08P01":
		return failed
	case "57014":
		// Cancelled, and with it what the statement had done.
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
