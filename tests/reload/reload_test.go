// Package reload_test puts other policies in force all the time while
// operations run, and keeps an independent account: every operation has one
// outcome, and each went by one version of the policies from its beginning to
// its end.
package reload_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/leaks"
)

var (
	operations = flag.Int("reload.operations", 20_000, "how many operations the reload test sends")
	reloads    = flag.Int("reload.reloads", 400, "how many versions of the policies are put in force meanwhile")
	seed       = flag.Uint64("reload.seed", 1, "what versions and operations are drawn from")
	callers    = flag.Int("reload.callers", 16, "how many goroutines send operations")
)

func TestMain(m *testing.M) {
	flag.Parse()
	leaks.Main(m)
}

// stalled is how long no operation may come to its end before those that are
// out count as lost. It decides nothing in a run that goes well.
const stalled = time.Minute

// If this fails, a reload under load loses an operation, gives one two
// outcomes, has one judged by two versions of its policy or by one that was
// not in force, or costs a breaker its state.
func TestReload_DropsAndMixesNothing(t *testing.T) {
	t.Parallel()
	s := newStorm(t, version(*seed, 0), int64(*operations), int64(*reloads))
	kept := s.prepareBreakers(t)
	r := s.reloader(kept)
	finished := s.run(t, *callers)
	close(s.requests)
	<-r.done
	if finished {
		kept.tripAtLast(t, s)
		s.compareTotals(t)
		s.shutdown(t)
	}
	fmt.Println(s.verdict(r.reloads, kept))
	s.report(t, kept)
	require.True(t, finished, "operations that never come to their end")
	require.NoError(t, r.err, "a reload that failed")
	require.EqualValues(t, *reloads, r.reloads, "reloads")
	require.EqualValues(t, *operations, s.started.Load(), "operations")
	require.Equal(t, s.started.Load(), s.ended.Load(), "operations and outcomes")
	require.Zero(t, s.double.Load(), "operations with two outcomes")
	require.Zero(t, s.mixed.Load(), "operations that fit no version that was in force")
	require.Zero(t, s.wrong.Load(), "operations that went wrong in another way")
	require.Empty(t, kept.lost, "breakers that lost their state")
	require.Positive(t, s.crossed.Load(), "operations that lived through a reload")
	require.Positive(t, r.seen.Load(), "events that were looked at")
}

func (s *storm) shutdown(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stalled)
	defer cancel()
	require.NoError(t, s.sup.Shutdown(ctx), "nothing may be running when every caller has its outcome")
}
