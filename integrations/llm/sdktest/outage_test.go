package sdktest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/integrations/llm"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// transitions gives the states that the breaker enters.
func transitions(sup *supervisor.Supervisor) <-chan breaker.State {
	states := make(chan breaker.State, 64)
	sup.Subscribe(func(e actors.Event) {
		if e, ok := e.(actors.BreakerChanged); ok {
			states <- e.Transition.To
		}
	})
	return states
}

// Broken, an agent that goes on through an outage would hammer the server, and
// would not find back when it is over.
func TestAnOutage(t *testing.T) {
	const trips, calls = 5, 20
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			server := newBackend(t, says(500, internal))
			sup := supervise(t, trips)
			states := transitions(sup)
			m := guard(sup)
			seen := 0
			phase := func(name string, most int) (failures, open int) {
				n := calls
				for range n {
					_, err := s.call(context.Background(), server.url, m, 0)
					if err != nil {
						failures++
					}
					if errors.Is(llm.RefusalOf(err), supervisor.ErrOpen) {
						open++
					}
				}
				requests, _, sdkRetries := server.seen()
				t.Logf("%-30s %-16s %d calls, %d requests, %d failed, of these %d by an open breaker; %d retries by the SDK",
					s.name, name, n, requests-seen, failures, open, sdkRetries)
				assert.Zero(t, sdkRetries)
				assert.LessOrEqual(t, requests-seen, most, name)
				seen = requests
				return failures, open
			}
			failures, _ := phase("all is well not", 3*calls) // the breaker may let a probe through now and then
			assert.Equal(t, calls, failures)
			server.then(answers)
			for sup.Breaker("model").State() != breaker.HalfOpen {
				<-states
			}
			failures, open := phase("recovered", calls)
			assert.Zero(t, failures)
			assert.Zero(t, open)
			assert.Equal(t, breaker.Closed, sup.Breaker("model").State())
		})
	}
}

// Broken, an open breaker would be asked for three times by the SDK, with its
// waits between, or its error would be lost.
func TestARefusal(t *testing.T) {
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			server := newBackend(t, answers)
			sup := supervise(t, policies.Never)
			sup.Breaker("model").ForceOpen()
			_, err := s.call(context.Background(), server.url, guard(sup), 0)
			requests, _, _ := server.seen()
			t.Logf("%-30s %d requests: %v", s.name, requests, err)
			assert.Zero(t, requests)
			assert.Equal(t, 503, statusOf(err))
			assert.ErrorIs(t, llm.RefusalOf(err), supervisor.ErrOpen)
			assert.EqualValues(t, 1, sup.Snapshot().Targets[0].Refused, "asked more than once")
		})
	}
}

// Broken, a server that is down would be dialled more often than the policy
// allows, or one that comes up amid the attempts would not be found.
func TestConnectionsAreRefused(t *testing.T) {
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			server := newBackend(t, answers)
			sup := supervise(t, policies.Never)
			dead, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			url := "http://" + dead.Addr().String()
			require.NoError(t, dead.Close())

			_, err = s.call(context.Background(), url, guard(sup), 0)
			assert.Equal(t, 503, statusOf(err))
			assert.ErrorIs(t, llm.RefusalOf(err), syscall.ECONNREFUSED)
			var exhausted *supervisor.ExhaustedError
			require.ErrorAs(t, llm.RefusalOf(err), &exhausted)
			assert.Equal(t, maxAttempts, exhausted.Attempts)
			snap := sup.Snapshot().Targets[0]
			assert.EqualValues(t, 1, snap.Failed, "operations that the SDK made of one call")
			assert.EqualValues(t, maxAttempts-1, snap.Retries)

			text, err := s.call(context.Background(), server.url, guard(sup), 0)
			requests, _, _ := server.seen()
			t.Logf("%-30s %d attempts while it was down, %d request when it was up", s.name, exhausted.Attempts, requests)
			assert.NoError(t, err)
			assert.Equal(t, answerText, text)
			assert.Equal(t, 1, requests)
		})
	}
}

// Broken, the time limit of an SDK would be tried three times over: Anthropic's
// makes the call again when it has passed.
func TestTheSDKsOwnTimeout(t *testing.T) {
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			server := newBackend(t, hangs)
			sup := supervise(t, policies.Never)
			_, err := s.call(context.Background(), server.url, guard(sup, llm.Idempotent()), 50*time.Millisecond)
			requests, _, _ := server.seen()
			t.Logf("%-30s %d requests: %v", s.name, requests, err)
			assert.Equal(t, 1, requests)
			if refusal := llm.RefusalOf(err); refusal != nil {
				var retried *llm.RetriedError
				assert.ErrorAs(t, refusal, &retried)
				err = refusal
			}
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

// Broken, a caller who leaves would wait, or get another error than its own.
func TestTheCallerLeaves(t *testing.T) {
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			ctx, leave := context.WithCancel(context.Background())
			server := newBackend(t, hangs)
			sup := supervise(t, policies.Never)
			server.then(func(w http.ResponseWriter, r *received) bool {
				leave()
				return hangs(w, r)
			})
			_, err := s.call(ctx, server.url, guard(sup), 0)
			requests, _, _ := server.seen()
			assert.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, 1, requests)
			assert.Zero(t, sup.Breaker("model").Counts().Failures)
		})
	}
}

// Broken, a model whose streams all break off would be called for ever: each
// begins well.
func TestStreamsThatBreakOffOpenTheBreaker(t *testing.T) {
	for _, s := range sdks {
		if !s.streams() {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			server := newBackend(t, breaksOff, streams(twoTokens, errorEvent(overloaded)), breaksOff)
			sup := supervise(t, 3)
			m := guard(sup)
			for n := range 3 {
				text, err := s.call(context.Background(), server.url, m, 0)
				assert.Error(t, err, "stream %d", n)
				assert.NotEmpty(t, text, "stream %d", n)
			}
			assert.EqualValues(t, 3, sup.Snapshot().Targets[0].LateFailures)
			assert.NotEqual(t, breaker.Closed, sup.Breaker("model").State())
			requests, _, _ := server.seen()
			t.Logf("%-30s the breaker is %s after %d requests", s.name, sup.Breaker("model").State(), requests)
			assert.Equal(t, 3, requests)
		})
	}
}
