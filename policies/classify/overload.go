package classify

import (
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// Overload reports whether the attempt failed because the target had too much
// to do, so that fewer at a time would do better: it was throttled (but not for
// a used-up quota, which waiting calls don't use), it timed out by itself or by
// its own deadline, or the target said so: HTTP 408, 503, 504 and 529, gRPC
// DeadlineExceeded, SQLSTATE class 53. The caller's deadline is no sign: the
// operation may have used it up while it waited for its turn. What an operation
// is to count for nobody is none either.
func (v Verdict) Overload() bool {
	switch v.Outcome {
	case policies.Throttled:
		return v.Condition != HTTPQuota
	case policies.Failure:
	default:
		return false
	}
	switch v.Condition {
	case NetTimeout, AttemptDeadline, grpcDeadline, "http.408", "http.503", "http.504", "http.529":
		return true
	}
	return strings.HasPrefix(v.Condition, "sql.53")
}
