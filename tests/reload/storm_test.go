package reload_test

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// storm sends operations in every way there is.
type storm struct {
	ledger
	seed       uint64
	sup        *supervisor.Supervisor
	targets    map[string]*supervisor.Target
	operations int64
	reloads    int64 // that the operations ask for, evenly
	next       atomic.Int64
	calm       atomic.Bool // nobody is to send more

	// begun is the latest version that may be in force, applied the latest
	// that must be.
	begun, applied atomic.Int64
	requests       chan request
	pace           *pace
}

// newStorm makes a supervisor with version 0, which the source says.
func newStorm(t *testing.T, source load.Source, operations, reloads int64) *storm {
	t.Helper()
	s := &storm{seed: *seed, operations: operations, reloads: reloads, requests: make(chan request)}
	set, err := load.Load(source)
	require.NoError(t, err)
	s.sup, err = supervisor.New(set, supervisor.WithWorker(stateful, func(context.Context) (actors.Worker, error) {
		return session{}, nil
	}))
	require.NoError(t, err)
	s.targets = map[string]*supervisor.Target{}
	for _, name := range targetNames {
		s.targets[name] = s.sup.Target(name)
		require.NoError(t, s.targets[name].Err())
	}
	return s
}

// session is a worker with state.
type session struct{}

func (session) Handle(ctx context.Context, payload any) (any, error) {
	return payload.(*operation).run(ctx)
}

func (session) Close() error { return nil }

// run lets callers work until there is nothing more to send. It gives false
// when nothing has happened for long, and then leaves them.
func (s *storm) run(t *testing.T, callers int) bool {
	t.Helper()
	var out sync.WaitGroup
	for range callers {
		out.Go(func() {
			c := s.newCaller()
			c.work(math.MaxInt64)
			c.end()
		})
	}
	over := make(chan struct{})
	go func() { out.Wait(); close(over) }()
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

// draw gives the number of the next operation, and false if there is none.
func (s *storm) draw() (int64, bool) {
	if s.calm.Load() {
		return 0, false
	}
	i := s.next.Add(1) - 1
	if i >= s.operations {
		return 0, false
	}
	s.started.Add(1)
	return i, true
}

// due is how many reloads operation i is to ask for, so that there are as many
// in all as there are to be.
func (s *storm) due(i int64) int {
	return int((i+1)*s.reloads/s.operations - i*s.reloads/s.operations)
}

// prepare says what operation i is.
func (s *storm) prepare(ctx context.Context, i int64, nested bool) *operation {
	bits := mix(s.seed, i, -1000)
	op := s.newOperation(ctx, i, targetOf(bits%100, nested))
	bits >>= 8
	if !nested {
		op.nests = op.target == stamped && bits%8 == 0 || op.target == stateful && bits%16 == 0
		if bits>>4%32 == 0 && (op.target == counted || op.target == stateful || op.target == swinging) {
			op.leaves = 1 + int(bits>>9%2)
		}
	}
	if op.reloads = s.due(i); op.reloads > 0 {
		switch op.waits = bits>>10%2 == 0; {
		case bits>>11%4 == 0, op.target == forced, op.target == tripped:
			s.reload(op.reloads, op.waits) // before it is sent
			op.reloads = 0
			op.low = s.applied.Load()
		}
	}
	return op
}

// targetOf distributes operations, those within others to targets that have
// their outcome at once.
func targetOf(percent uint64, nested bool) string {
	switch {
	case percent < 40:
		return stamped
	case percent < 60:
		return counted
	case percent < 66 || nested:
		return constant
	case percent < 70:
		return disabled
	case percent < 82:
		return stateful
	case percent < 90:
		return swinging
	case percent < 94:
		return forced
	case percent < 97:
		return tripped
	default:
		return failing
	}
}
