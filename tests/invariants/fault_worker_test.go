package invariants_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/supervisor"
)

// A user's worker with state, and what can be wrong with it.

// session is a worker whose behaviour a test chooses.
type session struct {
	handle func(ctx context.Context, payload any) (any, error)
	close  func() error
}

func (s *session) Handle(ctx context.Context, payload any) (any, error) {
	if s.handle == nil {
		return 42, nil
	}
	return s.handle(ctx, payload)
}

func (s *session) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// ask is an operation on a stateful target.
func ask(t *testing.T, sup *supervisor.Supervisor, name string) outcome {
	t.Helper()
	return soon(t, async(func() (int, error) { return supervisor.Ask[int](context.Background(), sup, name, "payload") }), "an answer of "+name)
}

// sick are ways in which a call of user code goes wrong.
var sick = map[string]func() error{
	"fails":              func() error { return errPlain },
	"fails for a moment": func() error { return errTemp },
	"panics":             func() error { panic("boom") },
	"panics with nil":    func() error { panic(nil) },
	"calls Goexit":       func() error { goexit(); return nil },
}

// Broken: a factory's failure is no failed attempt, or takes the target along.
func TestFault_TheFactoryFailsAtTheStart(t *testing.T) {
	for name, fault := range sick {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var made atomic.Int32
				sup := start(t, targets{"x": target(workers(1)), "y": target()},
					supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
						if made.Add(1) <= 3 {
							return nil, fault()
						}
						return &session{}, nil
					}))
				o := ask(t, sup, "x")
				require.Error(t, o.err)
				if name == "fails" {
					var factory *supervisor.FactoryError
					require.ErrorAs(t, o.err, &factory)
					require.ErrorIs(t, o.err, errPlain)
					require.EqualValues(t, 1, made.Load(), "what is not worth another attempt gets none")
					made.Store(3)
				}
				require.EqualValues(t, 3, made.Load())
				o = ask(t, sup, "x")
				require.NoError(t, o.err)
				works(t, sup, "x")
				works(t, sup, "y")
			})
		})
	}
}

// Broken: a factory that gives neither a worker nor an error leads to a nil
// dereference on the worker, or to an operation without outcome.
func TestFault_TheFactoryGivesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		give := false
		sup := start(t, targets{"x": target(workers(1)), "nilptr": target(workers(1))},
			supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
				if give {
					return &session{}, nil
				}
				return nil, nil
			}),
			supervisor.WithWorker("nilptr", func(context.Context) (actors.Worker, error) { return (*session)(nil), nil }))
		o := ask(t, sup, "x")
		var factory *supervisor.FactoryError
		require.ErrorAs(t, o.err, &factory)
		give = true
		require.NoError(t, ask(t, sup, "x").err)

		o = ask(t, sup, "nilptr")
		var crash *supervisor.PanicError
		require.ErrorAs(t, o.err, &crash, "a typed nil worker is a panic in its Handle")
	})
}

// Broken: a worker that fails is not renewed, or is renewed before it was
// closed, or its successor's failing factory loses the operation.
func TestFault_TheFactoryFailsAtARestart(t *testing.T) {
	for name, fault := range sick {
		if name == "fails" {
			continue // not worth another attempt, see above
		}
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var made, open atomic.Int32
				sup := start(t, targets{"x": target(workers(1), attempts(4))},
					supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
						n := made.Add(1)
						require.Zero(t, open.Load(), "the predecessor must be closed")
						if n == 2 || n == 3 {
							return nil, fault()
						}
						open.Add(1)
						return &session{
							handle: func(context.Context, any) (any, error) {
								if n == 1 {
									return nil, errTemp
								}
								return 42, nil
							},
							close: func() error { open.Add(-1); return nil },
						}, nil
					}))
				o := ask(t, sup, "x")
				require.NoError(t, o.err)
				require.Equal(t, 42, o.value)
				require.EqualValues(t, 4, made.Load())
			})
		})
	}
}

// Broken: Handle's fault is not contained, or the state that it leaves behind
// is used again.
func TestFault_HandleGoesWrong(t *testing.T) {
	for name, fault := range sick {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var made, closed atomic.Int32
				sup := start(t, targets{"x": target(workers(1)), "y": target()},
					supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
						n := made.Add(1)
						return &session{
							handle: func(context.Context, any) (any, error) {
								if n == 1 {
									return nil, fault()
								}
								return 42, nil
							},
							close: func() error { closed.Add(1); return nil },
						}, nil
					}))
				o := ask(t, sup, "x")
				if name == "fails" {
					require.Equal(t, errPlain, o.err)
					o = ask(t, sup, "x")
				}
				require.NoError(t, o.err)
				require.Equal(t, 42, o.value)
				require.EqualValues(t, 2, made.Load(), "a worker that failed is renewed")
				require.EqualValues(t, 1, closed.Load(), "and closed once")
				works(t, sup, "y")
			})
		})
	}
}

// Broken: a Close that goes wrong keeps the successor from its start, or the
// supervisor from its end.
func TestFault_CloseGoesWrong(t *testing.T) {
	for name, fault := range sick {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var made atomic.Int32
				sup := start(t, targets{"x": target(workers(1))},
					supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
						n := made.Add(1)
						return &session{
							handle: func(context.Context, any) (any, error) {
								if n%2 == 1 {
									return nil, errTemp
								}
								return 42, nil
							},
							close: fault,
						}, nil
					}))
				require.NoError(t, ask(t, sup, "x").err)
				require.NoError(t, ask(t, sup, "x").err)
				for _, id := range workerIDs(sup, "x") {
					endings[0].end(sup.System(), id)
				}
				require.NoError(t, ask(t, sup, "x").err)
				require.NoError(t, sup.Shutdown(context.Background()))
			})
		})
	}
}

// Broken: a Close that blocks stops more than its own worker: another target,
// a caller with a deadline, or Shutdown beyond its ctx.
func TestFault_CloseBlocks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hold := make(chan struct{})
		var made atomic.Int32
		sup := start(t, targets{"x": target(workers(2)), "y": target()},
			supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
				if made.Add(1) > 1 {
					return &session{}, nil
				}
				return &session{
					handle: func(context.Context, any) (any, error) { return nil, errTemp },
					close:  func() error { <-hold; return nil },
				}, nil
			}))
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		began := time.Now()
		_, err := supervisor.Ask[int](ctx, sup, "x", "first")
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		require.LessOrEqual(t, time.Since(began), 10*time.Second, "the caller's deadline frees it")
		works(t, sup, "y")

		shutCtx, cancelShut := context.WithTimeout(context.Background(), time.Second)
		defer cancelShut()
		require.ErrorIs(t, sup.Shutdown(shutCtx), context.DeadlineExceeded)
		close(hold)
		require.NoError(t, sup.Shutdown(context.Background()))
	})
}

// Broken: while one worker can't be renewed, because its Close blocks, the
// pool's other places are not used.
func TestFault_ABlockedCloseLeavesTheOtherWorkers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hold := make(chan struct{})
		var made atomic.Int32
		sup := start(t, targets{"x": target(workers(2))},
			supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
				if made.Add(1) > 1 {
					return &session{}, nil
				}
				return &session{
					handle: func(context.Context, any) (any, error) { return nil, errPlain },
					close:  func() error { <-hold; return nil },
				}, nil
			}))
		require.Equal(t, errPlain, ask(t, sup, "x").err)
		for range 3 {
			o := ask(t, sup, "x")
			require.NoError(t, o.err)
		}
		close(hold)
	})
}

// Broken: a payload for a target without workers is retried, counts against
// the target, or has no clear error.
func TestFault_APayloadNobodyHandles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(trips(1))})
		for range 3 {
			o := ask(t, sup, "x")
			require.ErrorIs(t, o.err, supervisor.ErrNoWorker)
		}
		works(t, sup, "x")
		synctest.Wait()
		require.Zero(t, sup.Breaker("x").Counts().Failures)
	})
}

// Broken: an answer of another type is lost, or retried.
func TestFault_AnAnswerOfAnotherType(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n atomic.Int32
		sup := start(t, targets{"x": target()}, supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
			return &session{handle: func(_ context.Context, payload any) (any, error) { n.Add(1); return payload, nil }}, nil
		}))
		_, err := supervisor.Ask[int](context.Background(), sup, "x", "text")
		var mismatch *supervisor.ResultTypeError
		require.ErrorAs(t, err, &mismatch)
		require.Equal(t, "text", mismatch.Got)
		require.EqualValues(t, 1, n.Load())
		v, err := supervisor.Ask[int](context.Background(), sup, "x", nil)
		require.NoError(t, err)
		require.Zero(t, v)
	})
}

// Broken: a factory for a target there is not, or a nil one, is found out
// only when it is needed.
func TestFault_AFactoryThatCannotBeUsed(t *testing.T) {
	_, err := newSupervisor(targets{"x": target()}, supervisor.WithWorker("z", func(context.Context) (actors.Worker, error) { return nil, errors.New("never") }))
	require.ErrorIs(t, err, supervisor.ErrUnknownTarget)
	_, err = newSupervisor(targets{"x": target()}, supervisor.WithWorker("x", nil))
	require.ErrorContains(t, err, "nil")
}
