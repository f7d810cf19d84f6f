package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
)

// clerk is a stateful worker. It answers what it is asked to.
type clerk struct {
	office *office
	n      int
}

// office makes clerks and keeps count of them.
type office struct {
	made, closed int
	fail         error
	answer       func(ctx context.Context, payload any) (any, error)
}

func (o *office) hire(context.Context) (actors.Worker, error) {
	if o.fail != nil {
		return nil, o.fail
	}
	o.made++
	return &clerk{o, o.made}, nil
}

func (c *clerk) Handle(ctx context.Context, payload any) (any, error) {
	if c.office.answer != nil {
		return c.office.answer(ctx, payload)
	}
	return payload, nil
}

func (c *clerk) Close() error { c.office.closed++; return nil }

// If it failed, an answer would be lost, or taken for what it isn't.
func TestAskGivesTheWorkersAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := &office{}
		s := start(t, targets{"x": policy()}, WithWorker("x", o.hire))
		n, err := Ask[int](bg, s, "x", 42)
		assert.NoError(t, err)
		assert.Equal(t, 42, n)
		n, err = Ask[int](bg, s, "x", nil)
		assert.NoError(t, err)
		assert.Zero(t, n, "a nil answer is the zero value")
		any1, err := Ask[error](bg, s, "x", errPlain)
		assert.NoError(t, err)
		assert.Equal(t, errPlain, any1, "an interface is a type too")

		before := s.Snapshot().Targets[0].Retries
		_, err = Ask[int](bg, s, "x", "text")
		var mismatch *ResultTypeError
		require.ErrorAs(t, err, &mismatch)
		assert.Equal(t, ResultTypeError{Target: "x", Got: "text", WantedType: "int"}, *mismatch)
		assert.EqualError(t, err, `the worker of "x" returned a string, asked for was a int`)
		assert.Equal(t, before, s.Snapshot().Targets[0].Retries, "asking again would be no use")
	})
}

func TestAskWithoutAWorkerSaysWhatToDo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1))
		_, err := Ask[int](bg, s, "x", 1)
		assert.ErrorIs(t, err, ErrNoWorker)
		assert.Equal(t, "closed", s.Breaker("x").State().String(), "the target is not to blame")
	})
}

// A worker's failure is an attempt's: it is retried on a fresh worker.
func TestAFailedWorkerIsRenewedForTheRetry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		calls := 0
		o := &office{}
		o.answer = func(context.Context, any) (any, error) {
			if calls++; calls < 3 {
				return nil, errTemp
			}
			return calls, nil
		}
		s := start(t, targets{"x": policy()}, WithWorker("x", o.hire))
		start := time.Now()
		n, err := Ask[int](bg, s, "x", nil)
		assert.NoError(t, err)
		assert.Equal(t, 3, n)
		assert.Equal(t, 3*time.Second, time.Since(start))
		assert.Equal(t, 3, o.made)
		assert.Equal(t, 2, o.closed)
		snap := snapshotOf(t, s, "x")
		assert.EqualValues(t, 2, snap.Restarts)
		assert.Equal(t, 3, snap.Workers[0].Incarnation)
		assert.EqualValues(t, 3, snap.Workers[0].Attempts)
		require.NoError(t, s.Shutdown(bg))
		assert.Equal(t, 3, o.closed)
	})
}

func TestAFactoryThatFailsIsAFailedAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := &office{fail: errTemp}
		s := start(t, targets{"x": policy()}, WithWorker("x", o.hire))
		_, err := Ask[int](bg, s, "x", 1)
		var factory *FactoryError
		require.ErrorAs(t, err, &factory)
		assert.ErrorIs(t, err, errTemp)
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, 3, exhausted.Attempts)
		o.fail = nil
		_, err = Ask[int](bg, s, "x", 1)
		assert.NoError(t, err)
	})
}

// If it failed, Do on such a target would use a worker's goroutine without
// leave, or keep a caller whose context is done.
func TestFunctionsRunOnAStatefulTargetToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := &office{}
		s := start(t, targets{"x": policy()}, WithWorker("x", o.hire))
		n, err := Do(bg, s, "x", succeed)
		assert.NoError(t, err)
		assert.Equal(t, 42, n)
		assert.Zero(t, o.made, "nobody needs its state")

		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(bg)
		g := newGate()
		result := async(func() (int, error) { return Do(ctx, s, "x", g.run) })
		soon(t, g.begun, "the attempt")
		cancel(why)
		assert.ErrorIs(t, soon(t, result, "the caller").err, why)
		g.end <- nil
		synctest.Wait()
	})
}
