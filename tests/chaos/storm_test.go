package chaos_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/supervisor"
)

// storm sends operations in every way there is.
type storm struct {
	t      *testing.T
	seed   uint64
	sup    *supervisor.Supervisor
	direct func() *supervisor.Target
	ledger *ledger
	next   atomic.Int64
	killed sync.Map        // ids of the workers that were stopped
	waits  []chan struct{} // by operation, for those that go by message
}

// The targets: one whose operations are refused while its breaker is open,
// one whose operations are parked, and one with stateful workers.
var targetNames = []string{"refusing", "parking", "stateful"}

// send asks a target by message on behalf of operation i.
type send struct {
	i  int
	to *actor.PID
	op *actors.Operation
}

// openAsker starts an actor that sends operations, one at a time, and settles
// their results.
func (s *storm) openAsker() *actor.PID {
	asked := -1
	settle := func(i int, o outcome) {
		o.left = s.leaves(i)
		s.ledger.settle(i, o)
		if s.ledger.entries[i].outcomes.Load() == 1 {
			close(s.waits[i])
		}
	}
	return s.sup.System().Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case send:
			asked = m.i
			c.Request(m.to, m.op)
		case *actors.Result:
			value, _ := m.Value.(int)
			settle(m.Tag.(int), judge(value, m.Err))
		case *actor.DeadLetterResponse:
			// The engine's answer for a target that has ended: it carries no
			// tag, and means the one operation that is out.
			settle(asked, outcome{err: errNobody, refused: true})
		}
	}))
}

// caller works off operations until there are none.
func (s *storm) caller() {
	asker := s.openAsker()
	defer s.sup.System().Root.Stop(asker)
	for {
		i := int(s.next.Add(1)) - 1
		if i >= len(s.ledger.entries) {
			return
		}
		s.operate(i, asker)
	}
}

// leaves says whether the caller of operation i cancels it.
func (s *storm) leaves(i int) bool { return mix(s.seed, i, 1000)%50 == 0 }

// operate sees operation i through to its outcome.
func (s *storm) operate(i int, asker *actor.PID) {
	ctx := context.Background()
	if s.leaves(i) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		go func() {
			for range mix(s.seed, i, 1001) % 64 {
				runtime.Gosched()
			}
			cancel()
		}()
	}
	switch i % 5 {
	case 0:
		s.inline(i, func() (int, error) { return supervisor.DoOn(ctx, s.direct(), s.function(i)) })
	case 1:
		s.inline(i, func() (int, error) { return supervisor.Do(ctx, s.sup, targetNames[i/5%2], s.function(i)) })
	case 2:
		f := supervisor.Go(ctx, s.sup, targetNames[i/5%3], s.function(i))
		<-f.Done()
		value, err := f.Wait(context.Background())
		s.settle(i, value, err)
		if again, errAgain := f.Wait(context.Background()); again != value || errAgain != err { //nolint:errorlint // the very same
			s.ledger.double.Add(1)
		}
	case 3:
		value, err := supervisor.Ask[int](ctx, s.sup, "stateful", i)
		s.settle(i, value, err)
	case 4:
		op := &actors.Operation{Context: ctx, Tag: i}
		name := targetNames[i/5%3]
		if name == "stateful" {
			op.Payload = i
		} else {
			op.Run = func(context.Context) (any, error) { return s.run(i) }
		}
		s.sup.System().Root.Send(asker, send{i, s.sup.PID(name), op})
		<-s.waits[i]
	}
}

func (s *storm) function(i int) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return s.run(i) }
}

// inline makes a call whose attempts run on the calling goroutine. One that
// may be ended by an attempt gets a goroutine of its own.
func (s *storm) inline(i int, call func() (int, error)) {
	if !s.mayExit(i) {
		value, err := call()
		s.settle(i, value, err)
		return
	}
	over := make(chan struct{})
	go func() {
		returned := false
		defer close(over)
		defer func() {
			if !returned {
				s.ledger.settle(i, outcome{exited: true})
			}
		}()
		value, err := call()
		returned = true
		s.settle(i, value, err)
	}()
	<-over
}

func (s *storm) settle(i int, value int, err error) {
	o := judge(value, err)
	o.left = s.leaves(i)
	s.ledger.settle(i, o)
}

// judge reads an outcome as a caller would.
func judge(value int, err error) outcome {
	o := outcome{value: value, err: err}
	var exhausted *supervisor.ExhaustedError
	var open *supervisor.OpenError
	var rejected *supervisor.RejectedError
	if err != nil && !errors.As(err, &exhausted) {
		o.refused = errors.As(err, &open) || errors.As(err, &rejected)
	}
	return o
}

// browser is a worker with state.
type browser struct{ s *storm }

func (b *browser) Handle(_ context.Context, payload any) (any, error) {
	return b.s.run(payload.(int))
}

func (b *browser) Close() error { return nil }
