package pairs_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

var (
	operations = flag.Int("pairs.operations", 6_000, "how many operations the storm sends")
	seed       = flag.Uint64("pairs.seed", 1, "what the policies of the storm are drawn from")
	senders    = flag.Int("pairs.callers", 24, "how many goroutines send operations")
)

// stalled is how long nothing may come to its end before the storm counts as
// hung. It decides nothing in a run that goes well.
const stalled = time.Minute

// All policies at once, on five targets, in every way an operation can be sent:
// attempts fail, panic, hang and exit, callers leave, workers, breakers and whole
// targets are killed, reloads switch policies on and off, and the shutdown comes
// while operations are still being sent. Broken, somewhere two policies would lose an
// operation between them, end it twice, run it too often or after its outcome, or
// leave something behind.
func TestStorm_AllPoliciesAtOnce(t *testing.T) {
	s := newStorm(t)
	over, still := make(chan struct{}), make(chan struct{})
	var sending, around sync.WaitGroup
	for range *senders {
		sending.Go(s.send)
	}
	for _, f := range []func(<-chan struct{}){s.kill, s.reload, s.meddle} {
		around.Go(func() { f(still) })
	}
	go func() { sending.Wait(); close(over) }()
	for int(s.next.Load()) < len(s.ledger.entries)*19/20 {
		if s.hangs(t, time.After(10*ms)) {
			break
		}
	}
	shut := make(chan error, 1)
	ctx, cancel := context.WithTimeout(bg, 2*stalled)
	defer cancel()
	go func() { shut <- s.sup.Shutdown(ctx) }()
	select {
	case <-over:
	case <-time.After(2 * stalled):
		t.Error("operations that never come to their end")
	}
	close(still)
	around.Wait()
	require.NoError(t, <-shut)
	for _, target := range s.sup.Snapshot().Targets {
		require.Zero(t, target.Queued+target.Parked+target.InBackoff+target.StillRunning, target.Name)
	}
	fmt.Printf("%s; %d kills, %d reloads; %s\n", s.ledger, s.kills.Load(), s.reloads.Load(), s.met())
	require.Zero(t, s.ledger.lost())
	require.Zero(t, s.ledger.double.Load())
	require.Zero(t, s.ledger.over.Load())
	require.Zero(t, s.ledger.late.Load())
	require.Zero(t, s.ledger.wrong.Load())
	require.Zero(t, s.ledger.refusedThoughItRan.Load())
	require.Positive(t, s.kills.Load())
	require.Positive(t, s.reloads.Load())
}

type storm struct {
	t       *testing.T
	sup     *supervisor.Supervisor
	ledger  *ledger
	next    atomic.Int64
	ill     [stormTargets]atomic.Bool // nearly every attempt fails
	waits   sync.Map                  // by operation, those that go by message
	killed  sync.Map
	kills   atomic.Int64
	reloads atomic.Int64
	seen    sync.Map // counts by the name of an event
	before  int64
	since   time.Time
}

func newStorm(t *testing.T) *storm {
	s := &storm{t: t, ledger: &ledger{entries: make([]entry, *operations)}, since: time.Now()}
	system := actors.NewSystem() // which outlives the supervisor, for the actors that ask
	t.Cleanup(func() { system.Shutdown() })
	var err error
	s.sup, err = supervisor.New(setOf(t, withOuter(weather(rand.New(rand.NewPCG(*seed, 0))))), supervisor.WithSystem(system), supervisor.AllowChaos(),
		supervisor.WithWorker("stateful", func(context.Context) (actors.Worker, error) {
			if rand.IntN(100) == 0 {
				return nil, errTemp
			}
			return &cabin{s}, nil
		}),
		supervisor.WithProbe("middle", func(ctx context.Context) error {
			if rand.IntN(4) == 0 {
				return errPlain
			}
			return nil
		}))
	require.NoError(t, err)
	s.sup.Subscribe(func(e actors.Event) {
		n, _ := s.seen.LoadOrStore(strings.TrimPrefix(fmt.Sprintf("%T", e), "actors."), &counter{})
		n.(*counter).add(1)
	})
	return s
}

// hangs waits for ch, and says whether nothing has ended for long.
func (s *storm) hangs(t *testing.T, ch <-chan time.Time) bool {
	<-ch
	if n := s.next.Load(); n != s.before {
		s.before, s.since = n, time.Now()
	}
	if time.Since(s.since) < stalled {
		return false
	}
	t.Error("the storm has come to a stand")
	return true
}

// met says how often the policies had something to do.
func (s *storm) met() string {
	var all []string
	for _, name := range []string{"HedgeStarted", "AttemptAbandoned", "OperationParked", "OperationFellBack", "TargetPaused",
		"RetrySkipped", "RetryBudgetExhausted", "RampStarted", "Probed", "ConcurrencyChanged", "TargetPassivated", "FaultInjected", "BreakerChanged"} {
		n := 0
		if c, ok := s.seen.Load(name); ok {
			n = c.(*counter).get()
		}
		all = append(all, fmt.Sprintf("%s %d", name, n))
	}
	return strings.Join(all, ", ")
}

// run is one attempt of operation i.
func (s *storm) run(ctx context.Context, i int, mayExit bool) (int, error) {
	at := stateful
	if a, ok := supervisor.CurrentAttempt(ctx); ok {
		for t, name := range stormNames {
			if a.Target == name || strings.HasPrefix(a.Target, name+"[") {
				at = t
			}
		}
	}
	s.ledger.begin(ctx, i, at)
	supervisor.ReportCost(ctx, 1)
	if s.ill[at].Load() && rand.IntN(20) > 0 {
		return 0, errTemp
	}
	switch draw := rand.IntN(1000); {
	case draw < 30:
		panic("storm")
	case draw < 80:
		return 0, errTemp
	case draw < 90:
		return 0, errPlain
	case draw < 95 && mayExit:
		runtime.Goexit()
	case draw < 105:
		return 0, classify.RetryableAfter(errTemp, 500*time.Microsecond)
	case draw < 107:
		return 0, classify.Wall(errQuota, time.Now().Add(ms))
	case draw < 180:
		select {
		case <-time.After(3 * ms):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	case draw < 183:
		<-time.After(25 * ms) // deaf
	case draw < 200:
		runtime.Gosched()
	}
	s.ledger.entries[i].well.Store(true)
	return i, nil
}

type cabin struct{ s *storm }

func (c *cabin) Handle(ctx context.Context, payload any) (any, error) {
	return c.s.run(ctx, payload.(int), true)
}

func (c *cabin) Close() error { return nil }

// send works off operations until there are none.
func (s *storm) send() {
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	asker := s.openAsker()
	defer s.sup.System().Root.Stop(asker)
	for {
		i := int(s.next.Add(1)) - 1
		if i >= len(s.ledger.entries) {
			return
		}
		s.operate(random, i, asker)
	}
}

// operate sees operation i through to its outcome.
func (s *storm) operate(random *rand.Rand, i int, asker *actor.PID) {
	ctx := supervisor.WithPriority(bg, supervisor.Priority(random.IntN(5)-2))
	switch random.IntN(20) {
	case 0:
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(random.IntN(int(5*ms))))
		defer cancel()
	case 1:
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		time.AfterFunc(time.Duration(random.IntN(int(ms))), cancel)
	}
	var o []supervisor.CallOption
	if random.IntN(8) == 0 {
		o = append(o, supervisor.WithFallback(func(context.Context, error) (int, error) {
			s.ledger.entries[i].resorted.Store(true)
			return i, nil
		}))
	}
	switch random.IntN(8) {
	case 0:
		o = append(o, supervisor.ParkWhenOpen())
	case 1:
		o = append(o, supervisor.FailWhenOpen())
	}
	name := stormNames[random.IntN(keyed)]
	fn := func(ctx context.Context) (int, error) { return s.run(ctx, i, false) }
	exits := func(ctx context.Context) (int, error) { return s.run(ctx, i, true) }
	var value int
	var err error
	switch random.IntN(7) {
	case 0, 1:
		value, err = supervisor.Do(ctx, s.sup, name, fn, o...)
	case 2:
		value, err = supervisor.Go(ctx, s.sup, name, exits, o...).Wait(bg)
	case 3:
		key := supervisor.Key(fmt.Sprint("tenant-", random.IntN(12)))
		value, err = supervisor.DoOn(ctx, s.sup.Target("keyed", key), fn, o...)
	case 4:
		value, err = supervisor.Ask[int](ctx, s.sup, "stateful", i, o...)
	case 5: // within an attempt on another target, which is not counted
		value, err = s.nested(ctx, i, name, fn, o)
	case 6:
		value, err = s.byMessage(ctx, i, name, asker)
	}
	s.ledger.settle(i, value, err)
}

// nested runs the operation within the attempts of another, which does nothing
// else; each of its attempts would begin it anew, so that it has one.
func (s *storm) nested(ctx context.Context, i int, name string, fn func(context.Context) (int, error), o []supervisor.CallOption) (value int, err error) {
	err = supervisor.ErrShutdown // if the outer one is refused
	began := false
	_, outer := supervisor.Do(ctx, s.sup, "outer", func(ctx context.Context) (int, error) {
		began = true
		value, err = supervisor.Do(ctx, s.sup, name, fn, o...)
		return value, err
	})
	if !began {
		return 0, outer
	}
	return value, err
}

type sent struct {
	value int
	err   error
}

// byMessage asks a target by message.
func (s *storm) byMessage(ctx context.Context, i int, name string, asker *actor.PID) (int, error) {
	pid := s.sup.PID(name)
	if pid == nil {
		return 0, &supervisor.RejectedError{Target: name, Err: supervisor.ErrShutdown}
	}
	ch := make(chan sent, 2)
	s.waits.Store(i, ch)
	s.sup.System().Root.Send(asker, asking{i, pid, &actors.Operation{Context: ctx, Tag: i, Idempotent: true,
		Run: func(ctx context.Context) (any, error) { return s.run(ctx, i, true) }}})
	answer := <-ch
	return answer.value, answer.err
}

type asking struct {
	i  int
	to *actor.PID
	op *actors.Operation
}

func (s *storm) openAsker() *actor.PID {
	asked := -1
	return s.sup.System().Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case asking:
			asked = m.i
			c.Request(m.to, m.op)
		case *actors.Result:
			value, _ := m.Value.(int)
			s.answer(m.Tag.(int), sent{value, m.Err})
		case *actor.DeadLetterResponse: // of a target that has ended, after the shutdown
			s.answer(asked, sent{0, &supervisor.RejectedError{Target: "?", Err: supervisor.ErrShutdown}})
		}
	}))
}

func (s *storm) answer(i int, a sent) {
	ch, there := s.waits.LoadAndDelete(i)
	if !there {
		s.ledger.double.Add(1)
		return
	}
	ch.(chan sent) <- a
}
