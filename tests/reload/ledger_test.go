package reload_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// ledger is what the test knows of all operations, with no help from the code
// under test.
type ledger struct {
	started, ended       atomic.Int64
	crossed              atomic.Int64 // saw a reload between acceptance and outcome
	double, mixed, wrong atomic.Int64
	// totals are what the breaker of the target stamped must have counted, by
	// outcome: the versions of its operations can be told apart.
	totals [4]atomic.Uint64

	mu    sync.Mutex
	lines []string
}

// maxLines bounds how many complaints are kept.
const maxLines = 20

// complain counts something that must not be, and says what it was.
func (l *ledger) complain(count *atomic.Int64, op *operation, format string, args ...any) {
	count.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) < maxLines {
		l.lines = append(l.lines, fmt.Sprintf("operation %d on %s: ", op.i, op.target)+fmt.Sprintf(format, args...))
	}
}

// report fails the test with the complaints.
func (l *ledger) report(t *testing.T, kept *keptBreakers) {
	t.Helper()
	for _, line := range l.complaints() {
		t.Error(line)
	}
	for target, line := range kept.lost {
		t.Errorf("%s: %s", target, line)
	}
}

func (l *ledger) complaints() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// total adds the attempts of an operation that went by r.
func (l *ledger) total(r rules, op *operation, attempts int) {
	for n := 1; n <= attempts; n++ {
		l.totals[r.counts(op.fate(n))].Add(1)
	}
}

// compareTotals looks whether the breaker has counted every attempt as the
// version of its operation says.
func (s *storm) compareTotals(t *testing.T) {
	t.Helper()
	counts := s.sup.Breaker(stamped).Counts()
	for outcome, counted := range map[policies.Outcome]uint64{
		policies.Success: counts.Successes, policies.Failure: counts.Failures,
		policies.Ignored: counts.Ignored, policies.Throttled: counts.Throttled,
	} {
		assert.Equal(t, s.totals[outcome].Load(), counted, "attempts that the breaker counted as %s", outcome)
	}
	assert.Zero(t, counts.Stale, "outcomes that came too late")
}

// verdict is the one line that sums up.
func (l *ledger) verdict(reloads int64, kept *keptBreakers) string {
	states := "breaker states kept"
	if len(kept.lost) > 0 {
		states = "breaker states LOST"
	}
	return fmt.Sprintf("%d operations, %d reloads: %d lost, %d double, %d mixed, %s (%d operations lived through a reload)",
		l.started.Load(), reloads, l.started.Load()-l.ended.Load(), l.double.Load(), l.mixed.Load(), states, l.crossed.Load())
}
