package classify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// exhausted has the shape of the supervisor's ExhaustedError.
type exhausted struct{ error }

func (exhausted) Retryable() bool                  { return false }
func (exhausted) BreakerOutcome() policies.Outcome { return policies.Ignored }
func (e exhausted) Unwrap() []error                { return []error{e.error} }

// costs are what failing operations end with, and how many allocations it may
// take to say what they mean.
var costs = []struct {
	name   string
	err    error
	allocs float64
}{
	{"plain", errPlan, 0},
	{"wrapped", fmt.Errorf("weather: %w", errPlan), 0},
	{"joined", errors.Join(errPlan, fmt.Errorf("weather: %w", errPlan)), 0},
	{"net_refused", &url.Error{Op: "Get", URL: "http://localhost", Err: &net.OpError{
		Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}, 0},
	{"net_reset", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, 0},
	{"http_503", &StatusError{Method: "GET", StatusCode: 503}, 0},
	{"http_429_delay", &StatusError{Method: "GET", StatusCode: 429, Header: http.Header{"Retry-After": {"2"}}}, 1},
	{"grpc_unavailable", fmt.Errorf("call: %w", grpcError(14)), 10},
	{"context_deadline", context.DeadlineExceeded, 0},
	{"context_deadline_wrapped", fmt.Errorf("call: %w", context.DeadlineExceeded), 0},
	{"attempt_timeout", &attemptTimeout{context.DeadlineExceeded}, 0},
	{"sql_state", fmt.Errorf("query: %w", pgError("40001")), 1},
	{"permanent", backoff.Permanent(errPlan), 0},
	{"exhausted_inner", exhausted{errPlan}, 1},
}

func BenchmarkClassify(b *testing.B) {
	for _, c := range costs {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Classify(c.err, nil, noon, Rules{})
			}
		})
	}
}

// Broken, every attempt that fails would leave more for the garbage collector.
func TestWhatClassifyingAllocates(t *testing.T) {
	for _, c := range costs {
		t.Run(c.name, func(t *testing.T) {
			got := testing.AllocsPerRun(100, func() { Classify(c.err, nil, noon, Rules{}) })
			require.LessOrEqual(t, got, c.allocs)
		})
	}
}
