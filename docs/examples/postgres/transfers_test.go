//go:build unix

package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/breaker"
)

// ways are the two drivers' interfaces: everything holds for both.
func ways(t *testing.T, policies string, test func(*testing.T, *rig, func(context.Context, Transfer) error)) {
	t.Run("pgx", func(t *testing.T) {
		r := newRig(t, policies)
		test(t, r, New(r.sup, r.pool).Transfer)
	})
	t.Run("database/sql", func(t *testing.T) {
		r := newRig(t, policies)
		test(t, r, NewSQL(r.sup, r.db).Transfer)
	})
}

// eventually waits for what comes on other goroutines.
func (r *rig) eventually(holds func() bool, what string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return holds()
	}, time.Minute, time.Millisecond, what)
}

// together runs n transfers at once and checks that all went through.
func together(t *testing.T, n int, transfer func(i int) error) {
	t.Helper()
	var (
		all  sync.WaitGroup
		errs = make([]error, n)
	)
	for i := range n {
		all.Go(func() { errs[i] = transfer(i) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// Broken, transactions that meet would fail their callers, or a retry would
// repeat half of one. Eight transactions have read before any of them writes
// the one row, so that seven must fail.
func TestSerializationFailures(t *testing.T) {
	ways(t, "", func(t *testing.T, r *rig, transfer func(context.Context, Transfer) error) {
		r.meet.of(8, take)
		together(t, 100, func(i int) error {
			return transfer(context.Background(), Transfer{ID: fmt.Sprint(i), From: "a", To: []string{"b", "c", "d"}[i%3], Amount: int64(i)})
		})
		r.balanced(100)
		r.conditions(7, "sql.40001")
		require.Equal(t, breaker.Closed, r.sup.Breaker("ledger").State(), "a conflict is no fault of the server's")
		t.Log("attempts that failed:", r.failed)
	})
}

// Broken, a deadlock would fail the caller whose transaction PostgreSQL chose
// to end. Each of the two has one of the rows when both ask for the other. One
// of them is ended as a deadlock; or, as it then has an old snapshot, for a
// conflict with the one that went through.
func TestDeadlocks(t *testing.T) {
	ways(t, "", func(t *testing.T, r *rig, transfer func(context.Context, Transfer) error) {
		r.meet.of(2, give)
		together(t, 2, func(i int) error {
			return transfer(context.Background(), Transfer{ID: fmt.Sprint(i), From: []string{"a", "b"}[i], To: []string{"b", "a"}[i], Amount: 10})
		})
		r.balanced(2)
		r.conditions(1, "sql.40P01")
	})
}

// Broken, a server that crashes under load would lose transfers or make some
// twice, or the breaker would not open, or not close again.
func TestCrashUnderLoad(t *testing.T) {
	ways(t, "", func(t *testing.T, r *rig, transfer func(context.Context, Transfer) error) {
		const transfers = 400
		var made atomic.Int64
		begun, down, crashed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			<-begun
			err := shared.kill()
			close(down)
			<-r.opened
			crashed <- errors.Join(err, shared.start())
		}()
		together(t, transfers, func(i int) error {
			if i >= transfers/2 {
				<-down // so that there is something to do while the server is down
			}
			err := transfer(context.Background(), Transfer{ID: fmt.Sprint(i), From: string("abcd"[i%4]), To: string("abcd"[(i+1)%4]), Amount: int64(i)})
			if made.Add(1) == 20 {
				close(begun)
			}
			return err
		})
		require.NoError(t, <-crashed)
		r.pool.Reset() // the look at the books is not supervised, and wants no connection to the server that was killed
		r.balanced(transfers)
		r.eventually(func() bool { return r.states[len(r.states)-1] == "closed" }, "a closed breaker")
		t.Log("breaker:", r.states, "parked:", r.parked, "attempts that failed:", r.failed)
	})
}
