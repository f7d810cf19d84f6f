//go:build unix

// Package load_test puts a supervisor under load in real time, with policies
// from a file, and keeps an independent account of every operation. Some are
// calls to the demo's service, which runs in another process that is killed,
// stopped and made to misbehave, and keeps an account of its own.
package load_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/leaks"
	"github.com/holdfast-go/holdfast/supervisor"
)

var (
	operations = flag.Int("load.operations", 40_000, "how many operations the load test sends, one in twenty over HTTP")
	seed       = flag.Uint64("load.seed", 1, "what the fates of the attempts are drawn from")
	callers    = flag.Int("load.callers", 16, "how many goroutines send plain functions; twice as many send requests")
)

func TestMain(m *testing.M) {
	if address := os.Getenv(serveEnv); address != "" {
		if err := serve(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	leaks.Main(m)
}

// stalled is how long no operation may come to its end before those that are
// out count as lost. It decides nothing in a run that goes well.
const stalled = time.Minute

// storm is a supervisor under load.
type storm struct {
	seed      uint64
	sup       *supervisor.Supervisor
	targets   map[string]*supervisor.Target
	plainKind []*kind
	httpKind  []*kind
	ledger    *ledger
	// Operations from firstHTTP on go to the service.
	firstHTTP                  int
	nextPlain, nextHTTP, ended atomic.Int64
}

func newStorm(t *testing.T, operations int) *storm {
	t.Helper()
	set, kinds, err := configuration()
	require.NoError(t, err)
	s := &storm{seed: *seed, targets: map[string]*supervisor.Target{}, ledger: newLedger(operations), firstHTTP: operations - operations/20}
	s.nextHTTP.Store(int64(s.firstHTTP))
	s.sup, err = supervisor.New(set)
	require.NoError(t, err)
	for _, name := range plainTargets {
		s.plainKind = append(s.plainKind, kinds[name])
	}
	for _, name := range httpTargets {
		s.httpKind = append(s.httpKind, kinds[name])
	}
	for name := range kinds {
		s.targets[name] = s.sup.Target(name)
		require.NoError(t, s.targets[name].Err())
	}
	return s
}

// kindOf says what operation i is. Those that take a goroutine for an attempt
// are one in eight.
func (s *storm) kindOf(i int) *kind {
	if i >= s.firstHTTP {
		return s.httpKind[i%len(s.httpKind)]
	}
	draw := int(mix(s.seed, i, 999) % 56)
	if draw < 49 {
		return s.plainKind[draw%7]
	}
	return s.plainKind[7+draw%2]
}

// Broken: while a service is killed, stopped, refuses connections, drips, breaks
// its answers off or is overloaded, or functions fail in every way, an operation
// is lost, has two outcomes, runs too often or after its success, or has an
// outcome that is not what happened.
func TestLoad_TwoProcesses(t *testing.T) {
	service := &process{records: filepath.Join(t.TempDir(), "executed")}
	require.NoError(t, service.start())
	s := newStorm(t, *operations)
	requests := newOverHTTP(s, service.address)
	sky := &weather{service: service}

	began := time.Now()
	var out sync.WaitGroup
	for range *callers {
		out.Go(s.plain)
		out.Go(requests.work)
		out.Go(requests.work)
	}
	over, calm, blown := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { out.Wait(); close(over) }()
	go func() { blown <- sky.blow(calm) }()
	finished := s.watch(over)
	took := time.Since(began)
	close(calm)
	require.NoError(t, <-blown, "the test's own service")
	if finished {
		ctx, cancel := context.WithTimeout(context.Background(), stalled)
		defer cancel()
		require.NoError(t, s.sup.Shutdown(ctx), "nothing may be running when every caller has its outcome")
	}
	requests.base.CloseIdleConnections()
	require.NoError(t, service.close())

	executed, err := readRecords(service.records)
	require.NoError(t, err)
	repeated := compare(s.ledger, executed, s.firstHTTP, s.kindOf)
	lost := s.ledger.close(s.kindOf)
	fmt.Printf("prove: chaos %s http=%d executed=%d repeated_by_net_http=%d broken_bodies=%d kills=%d stops=%d seconds=%.1f\n",
		s.ledger.verdict(lost), len(s.ledger.entries)-s.firstHTTP, len(executed), repeated, requests.broken.Load(), sky.kills, sky.stops,
		took.Seconds())
	for _, line := range s.ledger.complaints() {
		t.Error(line)
	}
	require.True(t, finished, "operations that never come to their end")
	require.Zero(t, lost, "operations without outcome")
	require.Zero(t, s.ledger.double.Load()+s.ledger.over.Load()+s.ledger.late.Load()+s.ledger.wrong.Load())
	require.NotEmpty(t, executed)
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
		now := s.ended.Load()
		if now == before {
			return false
		}
		before = now
	}
}
