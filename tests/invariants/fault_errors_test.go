package invariants_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Errors whose own methods are broken. Each is somebody's real defect; none
// may be ours.

type panicsInIs struct{}

func (panicsInIs) Error() string { return "panics in Is" }
func (panicsInIs) Is(error) bool { panic("Is") }

type panicsInAs struct{}

func (panicsInAs) Error() string { return "panics in As" }
func (panicsInAs) As(any) bool   { panic("As") }

type panicsInUnwrap struct{}

func (panicsInUnwrap) Error() string { return "panics in Unwrap" }
func (panicsInUnwrap) Unwrap() error { panic("Unwrap") }

type panicsInError struct{}

func (panicsInError) Error() string { panic("Error") }

type exitsInIs struct{}

func (exitsInIs) Error() string { return "ends the goroutine in Is" }
func (exitsInIs) Is(error) bool { goexit(); return false }

type panicsInRetryable struct{}

func (panicsInRetryable) Error() string   { return "panics in Retryable" }
func (panicsInRetryable) Retryable() bool { panic("Retryable") }

// pointerError has methods that need a value behind the pointer.
type pointerError struct{ text string }

func (e *pointerError) Error() string { return e.text }
func (e *pointerError) Unwrap() error { return errors.New(e.text) }

// uncomparable can't be compared with ==, which panics.
type uncomparable struct{ _ []int }

func (uncomparable) Error() string { return "uncomparable" }

var hostile = []struct {
	name string
	err  error
}{
	{"panics in Is", panicsInIs{}},
	{"panics in As", panicsInAs{}},
	{"panics in Unwrap", panicsInUnwrap{}},
	{"panics in Error", panicsInError{}},
	{"panics in Retryable", panicsInRetryable{}},
	{"ends the goroutine in Is", exitsInIs{}},
	{"typed nil", (*pointerError)(nil)},
	{"uncomparable", uncomparable{}},
	{"wraps a typed nil", fmt.Errorf("%w, wrapped", (*pointerError)(nil))},
	{"wraps one that panics in Is", fmt.Errorf("%w, wrapped", panicsInIs{})},
}

// Broken: an error's own method, called where the supervisor decides, panics
// there: the caller hangs, the process ends, or the target is lost.
func TestFault_TheErrorReturnedIsHostile(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"x": target(workers(1)), "y": target()})
				listen(sup)
				o := soon(t, async(func() (int, error) {
					return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { return 1, h.err })
				}), "the outcome of an error that "+h.name)
				if !o.ended { // a Goexit in the error's method may take an inline caller along
					require.Error(t, o.err)
					require.Zero(t, o.value)
				}
				works(t, sup, "x")
				works(t, sup, "y")
				require.Equal(t, 1, len(workerIDs(sup, "x")))
			})
		})
	}
}

// Broken: the same, where the error comes in a panic.
func TestFault_TheErrorPanickedWithIsHostile(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"x": target(workers(1)), "y": target()})
				listen(sup)
				o := soon(t, async(func() (int, error) {
					return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { panic(h.err) })
				}), "the outcome of a panic with an error that "+h.name)
				if !o.ended {
					require.Error(t, o.err)
				}
				works(t, sup, "x")
				works(t, sup, "y")
			})
		})
	}
}

// Broken: a function that returns another operation's Goexit error is taken
// for one whose own goroutine has ended, and its caller waits for ever.
func TestFault_AnErrorThatOnlySaysGoexit(t *testing.T) {
	for _, err := range []error{supervisor.ErrGoexit, fmt.Errorf("inner: %w", supervisor.ErrGoexit)} {
		eachWay(t, func(t *testing.T, w way) {
			sup := start(t, targets{"x": target(noWaits)})
			o := soon(t, async(func() (int, error) {
				return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { return 0, err })
			}), "a caller whose function returned ErrGoexit")
			require.ErrorIs(t, o.err, supervisor.ErrGoexit)
			works(t, sup, "x")
		})
	}
}

// Broken: a nil error with a zero value is taken for no outcome.
func TestFault_NilErrorAndZeroValue(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		n := 0
		o := soon(t, async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { n++; return 0, nil })
		}), "the outcome")
		require.NoError(t, o.err)
		require.Zero(t, o.value)
		require.Equal(t, 1, n)
	})
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target()})
		p, err := supervisor.Do(context.Background(), sup, "x", func(context.Context) (*int, error) { return nil, nil })
		require.NoError(t, err)
		require.Nil(t, p)
	})
}

// Broken: a value that comes with an error reaches the caller.
func TestFault_AnErrorWithAValue(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		value, err := w.call(context.Background(), sup, "x", func(context.Context) (int, error) { return 7, errPlain })
		require.Equal(t, errPlain, err)
		require.Zero(t, value)
	})
}

// Broken: a hostile cause of the caller's context ends the supervisor.
func TestFault_TheContextsCauseIsHostile(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"x": target()})
				ctx, cancel := context.WithCancelCause(context.Background())
				calls := newClockwork()
				waiting := async(func() (int, error) { return w.call(ctx, sup, "x", calls.failing(9, errTemp)) })
				pass(0)
				cancel(h.err)
				require.Error(t, soon(t, waiting, "a cancelled caller").err)
				require.Equal(t, 1, calls.calls())
				works(t, sup, "x")
			})
		})
	}
}

// Broken: formatting what an event says of a hostile error ends the program's
// own subscriber, or its logger.
func TestFault_EventsOfHostileErrorsCanBePrinted(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := start(t, targets{"x": target(trips(1), func(p *policies.Policy) { p.Retry.Enabled = false })})
				listener := sup.Subscribe(func(e actors.Event) { _ = e.String() })
				soon(t, async(func() (int, error) {
					return supervisor.Go(context.Background(), sup, "x", func(context.Context) (int, error) { return 1, h.err }).Wait(context.Background())
				}), "the outcome")
				_, err := supervisor.Do(context.Background(), sup, "x", succeed)
				if h.err != error(exitsInIs{}) || errors.Is(err, supervisor.ErrOpen) {
					require.ErrorIs(t, err, supervisor.ErrOpen)
					require.NotEmpty(t, err.Error())
				}
				pass(0)
				require.Zero(t, listener.Panics())
			})
		})
	}
}
