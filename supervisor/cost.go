package supervisor

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/holdfast-go/holdfast/policies"
)

// ReportCost adds units, tokens or money or whatever the program counts in, to
// what the attempt has cost that ctx belongs to, and to what its target has
// spent (see [TargetSnapshot]). A breaker with a failure_cost trips on what the
// attempts that failed have cost; an attempt that panics or is cancelled counts
// with what was reported by then.
//
// It returns false, and counts nothing, if ctx comes from no attempt, if the
// attempt has ended without success, and if units is negative, infinite or no number.
// For an attempt that succeeded it may be called afterwards too, as when the
// bill of a stream comes last, unless it was settled as failed meanwhile; see
// [SettleLater]. The cost of an operation within another's
// attempt is the inner one's alone. It is safe for concurrent use.
func ReportCost(ctx context.Context, units float64) bool {
	if ctx == nil || !(units >= 0) || math.IsInf(units, 1) {
		return false
	}
	// Each attempt has an account beside its context, so that one that was
	// left behind can't add to its successor's.
	var op *operation
	var account *cost
	switch c := ctx.Value(attemptKey{}).(type) {
	case *operation:
		op, account = c, &c.cost
	case *laterAttempt:
		op, account = c.op, &c.cost
	case *watched:
		op, account = c.op, &c.cost
	case body: // a call
		op = c.untyped()
		account = &op.cost
	default:
		return false
	}
	if !account.add(units) {
		return false
	}
	op.target.seldom().spent.add(units)
	return true
}

// closed gives what an attempt has cost that ends with the outcome. Unless that
// is a success, nothing can be added afterwards.
func (t *Target) closed(account *cost, outcome policies.Outcome) float64 {
	if outcome == policies.Success {
		return 0 // nobody asks what it cost
	}
	sum := account.take()
	if outcome == policies.Failure && sum > 0 {
		t.seldom().burned.add(sum)
	}
	return sum
}

// account is that of the last attempt, if it ran within the operation.
func (op *operation) account() *cost {
	if c := op.course; c != nil && c.later != nil {
		return &c.later.cost
	}
	return &op.cost
}

// cost is a sum of costs, safe for concurrent use: the bits of a float64, so
// that zero is nothing, or of one that is no number once it has been taken.
type cost struct{ bits atomic.Uint64 }

var taken = math.Float64bits(math.NaN())

// add returns false if the cost has been taken, or would be too much to count.
func (c *cost) add(units float64) bool {
	for {
		bits := c.bits.Load()
		sum := math.Float64frombits(bits) + units
		if bits == taken || math.IsInf(sum, 1) {
			return false
		}
		if c.bits.CompareAndSwap(bits, math.Float64bits(sum)) {
			return true
		}
	}
}

// take gives the sum, 0 the second time.
func (c *cost) take() float64 {
	bits := c.bits.Swap(taken)
	if bits == taken {
		return 0
	}
	return math.Float64frombits(bits)
}

func (c *cost) sum() float64 { return math.Float64frombits(c.bits.Load()) }
