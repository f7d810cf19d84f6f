package invariants_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// goexit ends the goroutine, as testing.T.FailNow does.
func goexit() { runtime.Goexit() }

type panicsInString struct{}

func (panicsInString) String() string { panic("String") }

var panicValues = []struct {
	name  string
	value any
}{
	{"string", "boom"},
	{"error", errPlain},
	{"nil", nil},
	{"int", 7},
	{"struct", struct{ a []int }{[]int{1}}},
	{"value whose Error panics", panicsInError{}},
	{"value whose String panics", panicsInString{}},
	{"typed nil error", (*pointerError)(nil)},
	{"runtime error", runtime.Error(nil)},
	{"function", func() {}},
}

// Broken: some panic value gets past the boundary, or is not retried, or
// comes back as something else than a PanicError.
func TestFault_TheFunctionPanics(t *testing.T) {
	for _, c := range panicValues {
		t.Run(c.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"x": target(workers(1)), "y": target()})
				calls := newClockwork()
				o := soon(t, async(func() (int, error) {
					return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { calls.tick(); panic(c.value) })
				}), "the outcome of a panic")
				var crash *supervisor.PanicError
				require.ErrorAs(t, o.err, &crash)
				require.NotEmpty(t, crash.Stack)
				require.NotEmpty(t, o.err.Error())
				require.Equal(t, 3, calls.calls(), "a panic is a failed attempt like any other")
				var exhausted *supervisor.ExhaustedError
				require.ErrorAs(t, o.err, &exhausted)
				require.Equal(t, retry.MaxAttempts, exhausted.Reason)
				works(t, sup, "x")
				works(t, sup, "y")
			})
		})
	}
}

// Broken: a panic within another operation's panic handling is lost.
func TestFault_TheFunctionPanicsWhilePanicking(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(noWaits)})
		o := soon(t, async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
				defer func() { panic("second") }()
				panic("first")
			})
		}), "the outcome")
		var crash *supervisor.PanicError
		require.ErrorAs(t, o.err, &crash)
		require.Equal(t, "second", crash.Value)
		works(t, sup, "x")
	})
}

// Broken: a function that recovers its own panic is taken for one that failed.
func TestFault_TheFunctionRecovers(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		value, err := w.call(context.Background(), sup, "x", func(context.Context) (v int, err error) {
			defer func() { _ = recover(); v = 5 }()
			panic("mine")
		})
		require.NoError(t, err)
		require.Equal(t, 5, value)
	})
}

// Broken: a Goexit after a recovered panic, or a panic after a deferred
// Goexit, is not told from a return.
func TestFault_PanicAndGoexitTogether(t *testing.T) {
	for name, fn := range map[string]function{
		"Goexit in a deferred function of a panic": func(context.Context) (int, error) { defer goexit(); panic("first") },
		"Goexit recovers nothing":                  func(context.Context) (int, error) { defer func() { _ = recover() }(); goexit(); return 1, nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := start(t, targets{"x": target(noWaits, workers(1))})
				o := soon(t, async(func() (int, error) { return supervisor.Do(context.Background(), sup, "x", fn) }), "an inline caller")
				require.True(t, o.ended)
				_, err := supervisor.Go(context.Background(), sup, "x", fn).Wait(context.Background())
				require.ErrorIs(t, err, supervisor.ErrGoexit)
				works(t, sup, "x")
			})
		})
	}
}

// Broken: a panicking operation under way takes one on another goroutine with it.
func TestFault_APanicDisturbsNoNeighbour(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(noWaits)})
		hold := make(chan struct{})
		neighbour := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 8, nil })
		})
		pass(0)
		_, err := w.call(context.Background(), sup, "x", func(context.Context) (int, error) { panic(errors.New("x")) })
		require.Error(t, err)
		close(hold)
		o := soon(t, neighbour, "the neighbour")
		require.NoError(t, o.err)
		require.Equal(t, 8, o.value)
	})
}
