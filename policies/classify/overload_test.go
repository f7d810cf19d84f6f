package classify

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// If this fails, fewer calls are made than the target can serve, or more for
// longer than it can.
func TestOverload(t *testing.T) {
	for condition, tc := range map[string]struct {
		outcome policies.Outcome
		want    bool
	}{
		"http.429":               {policies.Throttled, true},
		"grpc.ResourceExhausted": {policies.Throttled, true},
		"http.408":               {policies.Failure, true},
		"http.503":               {policies.Failure, true},
		"http.504":               {policies.Failure, true},
		"http.529":               {policies.Failure, true},
		"grpc.DeadlineExceeded":  {policies.Failure, true},
		"sql.53300":              {policies.Failure, true},
		NetTimeout:               {policies.Failure, true},
		AttemptDeadline:          {policies.Failure, true},
		HTTPQuota:                {policies.Throttled, false},
		CallerDeadline:           {policies.Failure, false},
		CallerCanceled:           {policies.Ignored, false},
		NetRefused:               {policies.Failure, false},
		"http.500":               {policies.Failure, false},
		Unknown:                  {policies.Failure, false},
		"":                       {policies.Success, false},
	} {
		assert.Equal(t, tc.want, Verdict{Condition: condition, Outcome: tc.outcome}.Overload(), condition)
	}
	assert.False(t, Verdict{Condition: "http.503", Outcome: policies.Ignored}.Overload(), "the target's policy ignores it")
}
