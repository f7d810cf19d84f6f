package supervisor

import (
	"fmt"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/policies/worth"
)

// UnlikelyError says that an operation was not retried because another attempt
// would hardly have succeeded. It is the Cause of an *[ExhaustedError], beside
// the last attempt's own error.
type UnlikelyError struct {
	// Estimate is what the model says of that attempt.
	Estimate worth.Estimate
	// MinSuccess is what the policy asks for.
	MinSuccess float64
}

func (e *UnlikelyError) Error() string {
	return fmt.Sprintf("%s; adaptive_retry.min_success is %.0f %%", e.Estimate, 100*e.MinSuccess)
}

// outlook is the model of a target with adaptive retries. It is safe for
// concurrent use; its lock is held for a few additions.
type outlook struct {
	mu    sync.Mutex
	model *worth.Model // nil until there is something to know
}

// know gives the model. The caller holds the lock.
func (o *outlook) know() *worth.Model {
	if o.model == nil {
		o.model = &worth.Model{}
	}
	return o.model
}

// observe notes how an attempt ended, if anybody is to know.
func (t *Target) observe(policy *resolved, attempt int, success bool) {
	if !policy.AdaptiveRetry.Enabled {
		return
	}
	o := &t.seldom().outlook
	o.mu.Lock()
	defer o.mu.Unlock()
	o.know().Observe(time.Now(), attempt, success)
}

// health is how the target has been doing, as far as anybody notes it.
func (t *Target) health() worth.Health {
	o := &t.known().outlook
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.model == nil {
		return worth.Well
	}
	return o.model.Health(time.Now())
}

// likely turns a decision for another attempt into one against it if that would
// hardly succeed.
func (a *targetActor) likely(op *operation, d retry.Decision) retry.Decision {
	s := op.policy.AdaptiveRetry
	c := op.course
	if !d.Retry || !s.Enabled || c.failure.verdict.Outcome != policies.Failure {
		return d
	}
	o := &a.seldom().outlook
	o.mu.Lock()
	estimate, worth := o.know().Worth(time.Now(), int(c.failures)+1, s.MinSuccess)
	o.mu.Unlock()
	if worth {
		return d
	}
	c.failure.unlikely = &UnlikelyError{Estimate: estimate, MinSuccess: s.MinSuccess}
	a.seldom().skipped.Add(1)
	if a.sup.bus.Active() {
		a.sup.bus.Publish(actors.RetrySkipped{Header: a.header(), Operation: op.id(), Estimate: estimate})
	}
	return retry.Decision{Reason: retry.Unlikely}
}
