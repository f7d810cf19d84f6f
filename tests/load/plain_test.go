//go:build unix

package load_test

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/supervisor"
)

// plain sends operations that are plain functions, in the four ways there are,
// until there are none.
func (s *storm) plain() {
	answers := make(chan any, 1)
	asker := s.sup.System().Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *actors.Operation:
			c.Request(m.Tag.(*actor.PID), m)
		case *actors.Result, *actor.DeadLetterResponse:
			answers <- m
		}
	}))
	defer s.sup.System().Root.Stop(asker)
	for {
		i := int(s.nextPlain.Add(1)) - 1
		if i >= s.firstHTTP {
			return
		}
		s.operate(i, asker, answers)
		s.ended.Add(1)
	}
}

// operate sees operation i through to its outcome.
func (s *storm) operate(i int, asker *actor.PID, answers <-chan any) {
	k := s.kindOf(i)
	ctx := context.Background()
	if mix(s.seed, i, 1000)%50 == 0 {
		s.ledger.leave(i)
		var leave context.CancelFunc
		ctx, leave = context.WithCancel(ctx)
		defer leave()
		go func() {
			for range mix(s.seed, i, 1001) % 64 {
				runtime.Gosched()
			}
			leave()
		}()
	}
	way := mix(s.seed, i, 1002) % 4
	run := func(ctx context.Context) (int, error) { return s.run(ctx, i, k, way >= 2) }
	switch way {
	case 0:
		s.settle(i, k)(supervisor.Do(ctx, s.sup, k.target, run))
	case 1:
		s.settle(i, k)(supervisor.DoOn(ctx, s.targets[k.target], run))
	case 2:
		s.settle(i, k)(supervisor.Go(ctx, s.sup, k.target, run).Wait(context.Background()))
	case 3:
		op := &actors.Operation{Context: ctx, Tag: s.targets[k.target].PID(), Run: func(ctx context.Context) (any, error) { return run(ctx) }}
		s.sup.System().Root.Send(asker, op)
		result, ok := (<-answers).(*actors.Result)
		if !ok {
			s.ledger.complain(&s.ledger.wrong, i, k, "its message was not taken")
			return
		}
		value, _ := result.Value.(int)
		s.settle(i, k)(value, result.Err)
	}
}

// run does one attempt of operation i.
func (s *storm) run(ctx context.Context, i int, k *kind, ownGoroutine bool) (int, error) {
	n := s.ledger.begin(ctx, i, k)
	switch fateOf(s.seed, i, n, k, ownGoroutine) {
	case failsForNow:
		return 0, errTemp
	case failsForGood:
		return 0, errPlain
	case panics:
		panic(errPlain)
	case exits:
		runtime.Goexit()
	case hangs:
		<-time.After(20 * time.Millisecond)
	}
	s.ledger.succeed(i)
	return i, nil
}

// settle takes in what a caller gets.
func (s *storm) settle(i int, k *kind) func(value int, err error) {
	return func(value int, err error) {
		o := outcome{value: value, err: err}
		var exhausted *supervisor.ExhaustedError
		var open *supervisor.OpenError
		var rejected *supervisor.RejectedError
		if err != nil && !errors.As(err, &exhausted) {
			o.refused = errors.As(err, &open) || errors.As(err, &rejected)
		}
		s.ledger.settle(i, k, o)
	}
}
