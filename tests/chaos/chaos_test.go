// Package chaos_test throws everything at a supervisor at once and keeps an
// independent account of every operation.
package chaos_test

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/internal/leaks"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

var (
	operations = flag.Int("chaos.operations", 20_000, "how many operations the chaos test sends")
	seed       = flag.Uint64("chaos.seed", 1, "what the fates of the attempts are drawn from")
	callers    = flag.Int("chaos.callers", 16, "how many goroutines send operations")
)

func TestMain(m *testing.M) {
	flag.Parse()
	leaks.Main(m)
}

// stalled is how long no operation may come to its end before those that are
// out count as lost. It decides nothing in a run that goes well.
const stalled = time.Minute

// Broken: under panics, errors, Goexit, cancellations, breakers forced open
// and workers killed all the time, an operation is lost, has two outcomes,
// runs too often, runs again after it went well, or has two attempts at once.
func TestChaos_EveryOperationHasExactlyOneOutcome(t *testing.T) {
	s := newStorm(t, *operations)
	x := s.sup.Target("refusing")
	s.direct = func() *supervisor.Target { return x }
	s.rage(t, s.killWorkers, s.meddle)
}

// Broken: the same while the supervisor's own actors are stopped from outside,
// policies reloaded and subscribers ill.
func TestChaos_TheTreeItselfIsStopped(t *testing.T) {
	s := newStorm(t, *operations/2)
	s.direct = func() *supervisor.Target { return s.sup.Target("refusing") }
	s.sup.Subscribe(func(actors.Event) { panic("chaos: a subscriber") })
	s.sup.Subscribe(func(actors.Event) { runtime.Goexit() })
	s.sup.System().EventStream.Subscribe(func(e any) {
		if _, ours := e.(actors.Event); ours {
			panic("chaos: a subscriber to the raw stream")
		}
	})
	s.rage(t, s.killWorkers, s.meddle, s.killTargets, s.reload)
}

// rage lets the callers work in all the weathers, the first of which counts
// kills, and looks at the ledger.
func (s *storm) rage(t *testing.T, weathers ...func(calm <-chan struct{}) int64) {
	t.Helper()
	var callersOut, weathersOut sync.WaitGroup
	for range *callers {
		callersOut.Go(s.caller)
	}
	over, calm := make(chan struct{}), make(chan struct{})
	go func() { callersOut.Wait(); close(over) }()
	kills := make([]int64, len(weathers))
	for i, weather := range weathers {
		weathersOut.Go(func() { kills[i] = weather(calm) })
	}
	finished := s.watch(over)
	close(calm)
	weathersOut.Wait()

	if finished {
		ctx, cancel := context.WithTimeout(context.Background(), stalled)
		defer cancel()
		require.NoError(t, s.sup.Shutdown(ctx), "nothing may be running when every caller has its outcome")
	}
	lost := s.ledger.close()
	fmt.Println(s.ledger.verdict(kills[0], lost))
	require.True(t, finished, "operations that never come to their end")
	require.Zero(t, lost, "operations without outcome")
	require.EqualValues(t, len(s.ledger.entries), s.ledger.ended.Load(), "outcomes")
	require.Zero(t, s.ledger.double.Load(), "operations with two outcomes")
	require.Zero(t, s.ledger.over.Load(), "attempts over max_attempts")
	require.Zero(t, s.ledger.late.Load(), "attempts after success")
	require.Zero(t, s.ledger.overlapping.Load(), "attempts of one operation at the same time")
	require.Zero(t, s.ledger.wrong.Load(), "outcomes that are not what happened")
	require.Positive(t, kills[0], "the storm must have killed workers")
}

// newStorm makes a supervisor whose waits are all zero.
func newStorm(t *testing.T, n int) *storm {
	t.Helper()
	p, set := policySet(t, 4) // fewer workers than callers, so that some wait
	var err error
	s := &storm{t: t, seed: *seed, ledger: newLedger(n, int32(p.Retry.MaxAttempts)), waits: make([]chan struct{}, n)}
	s.sup, err = supervisor.New(set, supervisor.WithWorker("stateful", func(context.Context) (actors.Worker, error) {
		return &browser{s}, nil
	}))
	require.NoError(t, err)
	for i := 4; i < n; i += 5 {
		s.waits[i] = make(chan struct{})
	}
	return s
}

// watch waits for the callers. It gives false when nothing has happened for
// long, and then leaves them.
func (s *storm) watch(over <-chan struct{}) bool {
	before := int64(-1)
	for {
		select {
		case <-over:
			return true
		case <-time.After(stalled):
		}
		now := s.ledger.ended.Load()
		if now == before {
			return false
		}
		before = now
	}
}

// policySet gives policies whose waits are all zero, and one of them.
func policySet(t *testing.T, workers int) (policies.Policy, *policies.Set) {
	t.Helper()
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = 0, 0
	p.Breaker.FailureThreshold = 3
	p.Breaker.RecoveryTimeout, p.Breaker.MaxRecoveryTimeout = time.Microsecond, time.Millisecond
	p.Pool.Workers = workers
	parking := p
	parking.Retry.WhenOpen = policies.Park
	set, err := policies.NewSet(map[string]policies.Policy{"refusing": p, "parking": parking, "stateful": parking})
	require.NoError(t, err)
	return p, set
}
