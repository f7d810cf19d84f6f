package classify

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// Broken, docs/databases.md would say something else of an error than what is
// done with it.
func TestTheDatabasesPage(t *testing.T) {
	errs := map[string]error{
		"net.refused":       &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"net.dial":          &net.OpError{Op: "dial", Err: syscall.ENOENT}, // a unix socket
		"net.reset":         &net.OpError{Op: "read", Err: syscall.ECONNRESET},
		"net.broken_pipe":   &net.OpError{Op: "write", Err: syscall.EPIPE},
		"io.unexpected_eof": io.ErrUnexpectedEOF,
		"sql.not_sent":      pgSafe{errors.New("conn closed"), true},
		"sql.bad_conn":      driver.ErrBadConn,
		"attempt.deadline":  context.DeadlineExceeded,
		"sql.no_rows":       sql.ErrNoRows,
		"sql.done":          sql.ErrTxDone,
	}
	page, err := os.ReadFile("../../docs/databases.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "| error | what has happened | retried | uncertain | breaker counts |\n|---|---|---|---|---|\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	yes := func(cell string) bool {
		cell = strings.TrimSpace(cell)
		require.Contains(t, []string{"yes", "no"}, cell)
		return cell == "yes"
	}
	seen := 0
	for _, row := range strings.Split(table, "\n") {
		cells := strings.Split(row, "|")
		require.Len(t, cells, 7, row)
		for _, name := range strings.Fields(strings.ReplaceAll(cells[1], "`", "")) {
			err, condition := errs[name], name
			if err == nil {
				err, condition = pgError(name), "sql."+name
			}
			v := verdictOf(err)
			assert.Equal(t, condition, v.Condition)
			assert.Equal(t, yes(cells[3]), v.Retryable, "%s: retried", name)
			assert.Equal(t, yes(cells[4]), v.Ambiguous, "%s: uncertain", name)
			assert.Equal(t, yes(cells[5]), v.Outcome == policies.Failure, "%s: counted", name)
			seen++
		}
	}
	assert.Greater(t, seen, 30)
}
