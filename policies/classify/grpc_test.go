package classify

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// The types below have the shape of google.golang.org/grpc/status and
// errdetails.RetryInfo.
type (
	rpcCode     uint32
	rpcStatusPB struct {
		code    rpcCode
		details []any
	}
	rpcError struct{ status *rpcStatusPB }

	rpcDuration  struct{ d time.Duration }
	rpcRetryInfo struct{ delay *rpcDuration }
)

func (s *rpcStatusPB) Code() rpcCode                { return s.code }
func (s *rpcStatusPB) Details() []any               { return s.details }
func (*rpcError) Error() string                     { return "rpc error" }
func (e *rpcError) GRPCStatus() *rpcStatusPB        { return e.status }
func (d *rpcDuration) AsDuration() time.Duration    { return d.d }
func (r *rpcRetryInfo) GetRetryDelay() *rpcDuration { return r.delay }

func grpcError(code rpcCode, details ...any) error {
	return &rpcError{&rpcStatusPB{code, details}}
}

// Broken, gRPC errors would open breakers for a client's faults, or not for a
// server's.
func TestGRPCCodes(t *testing.T) {
	names := map[rpcCode]string{
		1: "Canceled", 2: "Unknown", 3: "InvalidArgument", 4: "DeadlineExceeded", 5: "NotFound", 6: "AlreadyExists",
		7: "PermissionDenied", 8: "ResourceExhausted", 9: "FailedPrecondition", 10: "Aborted", 11: "OutOfRange",
		12: "Unimplemented", 13: "Internal", 14: "Unavailable", 15: "DataLoss", 16: "Unauthenticated", 17: "Code(17)",
	}
	special := map[rpcCode]meaning{
		1: {policies.Ignored, false, true}, 2: unknown, 13: unknown, 15: unknown, 17: unknown,
		4: failedAfter, 14: failedAfter, 8: {outcome: policies.Throttled},
	}
	for code, name := range names {
		want, ok := special[code]
		if !ok {
			want = ignored
		}
		v := verdictOf(fmt.Errorf("call: %w", grpcError(code)))
		assert.Equal(t, essence{"grpc." + name, want}, essenceOf(v))
	}
	assert.Equal(t, Unknown, verdictOf(grpcError(0)).Condition, "OK is no error")
}

// Broken, a gRPC server's own delay would be lost.
func TestGRPCRetryInfo(t *testing.T) {
	info := &rpcRetryInfo{&rpcDuration{3 * time.Second}}
	v := verdictOf(errors.Join(errPlan, grpcError(8, nil, "text", info)))
	assert.Equal(t, essence{"grpc.ResourceExhausted", throttled}, essenceOf(v))
	assert.True(t, v.HasDelay)
	assert.Equal(t, 3*time.Second, v.Delay)

	assert.False(t, verdictOf(grpcError(8, &rpcRetryInfo{})).Retryable, "RetryInfo without a delay")
	assert.False(t, verdictOf(grpcError(8, (*rpcRetryInfo)(nil))).Retryable, "a nil RetryInfo panics, and is none")
	assert.False(t, verdictOf(grpcError(8, wrongDelay{})).Retryable, "a delay that is no duration")
}

// Broken, a call that a server has refused for the moment would not be made again
// if it isn't idempotent, or what may have taken effect would be.
func TestGRPCRefusalsThatSayWhenToComeBack(t *testing.T) {
	info := &rpcRetryInfo{&rpcDuration{3 * time.Second}}
	assert.Equal(t, essence{"grpc.Unavailable", failedBefore}, essenceOf(verdictOf(grpcError(14, info))))
	assert.Equal(t, essence{"grpc.Unavailable", failedAfter}, essenceOf(verdictOf(grpcError(14))))

	pushback := func(code rpcCode, named bool) essence {
		v := verdictOf(pushedBack{grpcError(code), named})
		assert.Equal(t, named, v.HasDelay)
		return essenceOf(v)
	}
	assert.Equal(t, essence{"grpc.Unavailable", failedBefore}, pushback(14, true))
	assert.Equal(t, essence{"grpc.Unavailable", failedAfter}, pushback(14, false))
	assert.Equal(t, essence{"grpc.ResourceExhausted", throttled}, pushback(8, true))
	assert.Equal(t, essence{"grpc.ResourceExhausted", meaning{outcome: policies.Throttled}}, pushback(8, false))
	assert.Equal(t, essence{"grpc.NotFound", ignored}, pushback(5, true), "a delay alone is no reason to try again")
}

// pushedBack is an error whose server said something of another attempt beside
// its status.
type pushedBack struct {
	error
	named bool
}

func (e pushedBack) Unwrap() error                     { return e.error }
func (e pushedBack) RetryAfter() (time.Duration, bool) { return 0, e.named }

type wrongDelay struct{}

func (wrongDelay) GetRetryDelay() int { return 5 }

type oddStatus[T any] struct{ result T }

func (oddStatus[T]) Error() string   { return "odd" }
func (o oddStatus[T]) GRPCStatus() T { return o.result }

type codeString struct{}

func (codeString) Code() string { return "5" }

type codeOnly struct{}

func (codeOnly) Code() uint32 { return 14 }

type oddArguments struct{}

func (oddArguments) Error() string         { return "odd" }
func (oddArguments) GRPCStatus(int) string { return "" }

type twoResults struct{}

func (twoResults) Error() string             { return "odd" }
func (twoResults) GRPCStatus() (string, int) { return "", 0 }

type panics struct{}

func (panics) Error() string            { return "odd" }
func (panics) GRPCStatus() *rpcStatusPB { panic("no status") }

// Broken, an error with a method of that name but another shape would crash
// the supervisor.
func TestOddGRPCShapesAreContained(t *testing.T) {
	for _, err := range []error{
		oddStatus[any]{}, oddStatus[int]{7}, oddStatus[codeString]{}, oddStatus[*rpcStatusPB]{},
		oddArguments{}, twoResults{}, panics{}, (*rpcError)(nil),
	} {
		assert.NotPanics(t, func() {
			assert.Equal(t, Unknown, verdictOf(err).Condition, "%T", err)
		})
	}
	assert.Equal(t, "grpc.Unavailable", verdictOf(oddStatus[codeOnly]{}).Condition)
	assert.Equal(t, "grpc.Unavailable", verdictOf(oddStatus[any]{codeOnly{}}).Condition)
}
