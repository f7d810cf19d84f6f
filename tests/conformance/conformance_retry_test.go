package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// If this fails, Python users get other retries than those they know.
func TestConformance01_DefaultsOfTheFourTypes(t *testing.T) {
	set, err := load.Load()
	require.NoError(t, err)
	for _, want := range []struct {
		of               policies.OperationType
		attempts         int
		minWait, maxWait time.Duration
	}{
		{policies.Worker, 3, time.Second, 10 * time.Second},
		{policies.Storage, 5, 500 * time.Millisecond, 5 * time.Second},
		{policies.API, 4, time.Second, 15 * time.Second},
		{policies.Scheduler, 3, time.Second, 8 * time.Second},
	} {
		p, err := set.Target(string(want.of))
		require.NoError(t, err, "each type is a target of its own name")
		assert.Equal(t, policies.Default(want.of), p)
		assert.Equal(t, policies.Default(want.of), set.Defaults(want.of))
		assert.True(t, p.Retry.Enabled)
		assert.Equal(t, want.attempts, p.Retry.MaxAttempts, want.of)
		assert.Equal(t, want.minWait, p.Retry.MinWait, want.of)
		assert.Equal(t, want.maxWait, p.Retry.MaxWait, want.of)
		assert.True(t, p.Breaker.Enabled)
		assert.Equal(t, 5, p.Breaker.FailureThreshold)
		assert.Equal(t, time.Minute, p.Breaker.RecoveryTimeout)
		assert.Equal(t, 2, p.Breaker.SuccessThreshold)
	}
}

// If this fails, a type that does not exist gets somebody else's defaults.
func TestConformance01_UnknownOperationTypeIsAnError(t *testing.T) {
	_, err := load.Load(load.Bytes("agent.json", load.JSON, []byte(`{"targets": {"db": {"type": "storag"}}}`)))
	require.ErrorIs(t, err, policies.ErrInvalid)
	assert.ErrorContains(t, err, `did you mean "storage"`)

	_, err = load.Load(load.Target("db", "database"))
	require.ErrorIs(t, err, policies.ErrInvalid)

	inBubble(t, setOf(t, nil), func(t *testing.T, sup *supervisor.Supervisor) {
		calls := scripted()
		_, err := supervisor.Do(context.Background(), sup, "wroker", calls.run)
		require.ErrorIs(t, err, supervisor.ErrUnknownTarget)
		assert.ErrorContains(t, err, `did you mean "worker"`)
		assert.Zero(t, calls.calls())
	})
}

// If this fails, a healthy call is changed, repeated or slowed down.
func TestConformance02_SuccessOnTheFirstAttemptPassesTheValueThrough(t *testing.T) {
	inEachWay(t, setOf(t, nil), func(t *testing.T, _ *supervisor.Supervisor, call caller) {
		for i, of := range policies.OperationTypes() {
			before, runs := time.Now(), 0
			v, err := call(context.Background(), string(of), func(context.Context) (int, error) { runs++; return 100 + i, nil })
			require.NoError(t, err, of)
			assert.Equal(t, 100+i, v, of)
			assert.Equal(t, 1, runs, of)
			assert.Zero(t, time.Since(before), "a success waited for something")
		}
	})
}

// If this fails, one lost connection fails a worker or an API call.
func TestConformance03_WorkerAndAPIOneConnectionErrorThenSuccess(t *testing.T) {
	inEachWay(t, setOf(t, nil), func(t *testing.T, _ *supervisor.Supervisor, call caller) {
		for _, of := range []policies.OperationType{policies.Worker, policies.API} {
			op, before := scripted(errReset), time.Now()
			v, err := call(context.Background(), string(of), op.run)
			require.NoError(t, err, of)
			assert.Equal(t, 42, v, of)
			assert.Equal(t, 2, op.calls(), of)
			assertBetween(t, time.Second, 2*time.Second, time.Since(before))
		}
	})
}

// If this fails, two slow moments fail a storage operation.
func TestConformance04_StorageTwoTimeoutsThenSuccess(t *testing.T) {
	inEachWay(t, setOf(t, nil), func(t *testing.T, _ *supervisor.Supervisor, call caller) {
		op, before := scripted(errTimeout, context.DeadlineExceeded), time.Now()
		v, err := call(context.Background(), string(policies.Storage), op.run)
		require.NoError(t, err)
		assert.Equal(t, 42, v)
		assert.Equal(t, 3, op.calls())
		assertBetween(t, time.Second, 3*time.Second, time.Since(before))
	})
}

// If this fails, a caller can't see what went wrong, or is kept trying.
func TestConformance05_ExhaustionSurfacesTheOriginalErrorAndMessage(t *testing.T) {
	inEachWay(t, setOf(t, nil), func(t *testing.T, _ *supervisor.Supervisor, call caller) {
		for _, of := range policies.OperationTypes() {
			original := fmt.Errorf("connection to db-7 lost: %w", errReset)
			op := always(1000, original)
			v, err := call(context.Background(), string(of), op.run)
			assert.Zero(t, v)
			assert.Equal(t, policies.Default(of).Retry.MaxAttempts, op.calls(), of)
			assert.ErrorIs(t, err, original)
			assert.ErrorIs(t, err, syscall.ECONNRESET)
			assert.ErrorContains(t, err, "connection to db-7 lost")
			var exhausted *supervisor.ExhaustedError
			require.ErrorAs(t, err, &exhausted)
			assert.Equal(t, original, exhausted.Err, "the error itself, not a copy")
			assert.Equal(t, op.calls(), exhausted.Attempts)
		}
	})
}

// If this fails, a passing fault of the network is taken for a lasting one.
func TestConformance06_ConnectionAndTimeoutErrorsAreRetryable(t *testing.T) {
	system := func(op string, errno syscall.Errno) error {
		return &url.Error{Op: "Get", URL: "http://example.com", Err: os.NewSyscallError(op, errno)}
	}
	errs := map[string]error{
		"refused":          errRefused,
		"reset":            errReset,
		"aborted":          system("read", syscall.ECONNABORTED),
		"broken pipe":      system("write", syscall.EPIPE),
		"unreachable":      system("connect", syscall.EHOSTUNREACH),
		"system timeout":   system("read", syscall.ETIMEDOUT),
		"socket timeout":   errTimeout,
		"own deadline":     context.DeadlineExceeded,
		"own deadline too": fmt.Errorf("fetch: %w", context.DeadlineExceeded),
		"broke off":        io.ErrUnexpectedEOF,
	}
	inEachWay(t, setOf(t, nil), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		for name, err := range errs {
			op := scripted(err)
			_, err := call(context.Background(), string(policies.API), op.run)
			assert.NoError(t, err, name)
			assert.Equal(t, 2, op.calls(), name)
		}
	})
}

// If this fails, arguments get lost on the way, or the wrong error comes back.
func TestConformance07_ExecuteWithRetryPassesArgumentsAndSurfacesTheLastError(t *testing.T) {
	type order struct {
		Item  string
		Count int
	}
	five := retried(func(p *policies.Policy) { p.Retry.MaxAttempts = 5 })
	inBubble(t, oneTarget(t, five), func(t *testing.T, sup *supervisor.Supervisor) {
		var got []order
		place := supervisor.Wrap(sup, gateway, func(_ context.Context, o order) (string, error) {
			if got = append(got, o); len(got) < 3 {
				return "", errRefused
			}
			return o.Item + "!", nil
		})
		v, err := place(context.Background(), order{"tea", 2})
		require.NoError(t, err)
		assert.Equal(t, "tea!", v)
		assert.Equal(t, []order{{"tea", 2}, {"tea", 2}, {"tea", 2}}, got)

		n := 0
		fail := supervisor.Wrap(sup, gateway, func(context.Context, order) (string, error) {
			n++
			return "", fmt.Errorf("failure %d: %w", n, errRefused)
		})
		_, err = fail(context.Background(), order{})
		assert.Equal(t, 5, n)
		assert.ErrorContains(t, err, "failure 5")
		assert.NotContains(t, err.Error(), "failure 4")
	})
}

// If this fails, attempts run over each other or leave what they opened.
func TestConformance08_WorksAroundResourcesOpenedAndClosed(t *testing.T) {
	inEachWay(t, setOf(t, nil), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		open, opened := 0, 0
		v, err := call(context.Background(), string(policies.Worker), func(context.Context) (int, error) {
			open++
			opened++
			defer func() { open-- }()
			assert.Equal(t, 1, open, "the attempt before has not closed yet")
			switch opened {
			case 1:
				return 0, errReset
			case 2:
				panic("half way through")
			}
			return opened, nil
		})
		require.NoError(t, err)
		assert.Equal(t, 3, v)
		assert.Zero(t, open)
	})
}

// session is a worker with a resource.
type session struct{ open *atomic.Int64 }

func (s session) Handle(ctx context.Context, payload any) (any, error) { return payload.(attempt)(ctx) }
func (s session) Close() error                                         { s.open.Add(-1); return nil }

// If this fails, a failed attempt's connection is used again or leaks.
func TestConformance08_ARestartRenewsTheResource(t *testing.T) {
	var open, made atomic.Int64
	factory := func(context.Context) (actors.Worker, error) {
		made.Add(1)
		assert.Equal(t, int64(1), open.Add(1), "made before the one before was closed")
		return session{&open}, nil
	}
	inBubble(t, oneTarget(t, retried()), func(t *testing.T, sup *supervisor.Supervisor) {
		v, err := supervisor.Ask[int](context.Background(), sup, gateway, scripted(errReset, errReset).run)
		require.NoError(t, err)
		assert.Equal(t, 42, v)
		synctest.Wait()
		assert.Equal(t, int64(3), made.Load())
		assert.Equal(t, int64(1), open.Load(), "the one that worked is kept")
	}, supervisor.WithWorker(gateway, factory))
	assert.Zero(t, open.Load(), "Shutdown closes what is left")
}

// If this fails, nobody can follow an operation in the log.
func TestConformance09_AttemptsAreLoggedAtDebug(t *testing.T) {
	var log logbook
	inBubble(t, oneTarget(t, retried()), func(t *testing.T, sup *supervisor.Supervisor) {
		_, err := do(sup, scripted(errRefused, errReset).run)
		require.NoError(t, err)
	}, supervisor.WithLogger(slog.New(&log)))
	attempts := log.where(func(l line) bool { return l.attrs["max_attempts"] != nil })
	require.Len(t, attempts, 3)
	for i, line := range attempts {
		assert.Equal(t, slog.LevelDebug, line.level)
		assert.Equal(t, gateway, line.attrs["target"])
		assert.EqualValues(t, i+1, line.attrs["attempt"].(int64))
	}
	retries := log.at(slog.LevelWarn)
	require.Len(t, retries, 2, "each retry is a warning")
	for i, want := range []error{errRefused, errReset} {
		assert.Equal(t, want, retries[i].attrs["error"])
		assert.IsType(t, time.Duration(0), retries[i].attrs["wait"])
	}
}

// If this fails, a first failure that is not worth a retry is repeated.
func TestConformance06_UnknownErrorsAreNotRetried(t *testing.T) {
	inEachWay(t, setOf(t, nil), func(t *testing.T, _ *supervisor.Supervisor, call caller) {
		op := always(10, errUnknown)
		_, err := call(context.Background(), string(policies.API), op.run)
		assert.Equal(t, errUnknown, err, "the error as it is")
		assert.False(t, errors.As(err, new(*supervisor.ExhaustedError)))
		assert.Equal(t, 1, op.calls())
	})
}
