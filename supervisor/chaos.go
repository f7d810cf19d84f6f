package supervisor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/chaos"
)

// ErrInjected is what errors.Is finds in every error that chaos has made.
var ErrInjected = errors.New("injected by chaos")

// ErrChaosNotAllowed says that policies enable chaos and the program does not
// allow it.
var ErrChaosNotAllowed = errors.New("chaos is enabled and this program does not allow it; " +
	"give supervisor.New the option supervisor.AllowChaos(), or set chaos.enabled to false")

// AllowChaos lets policies inject faults, see [policies.Chaos]. Without it, New,
// Apply and Watch refuse a set in which any target has chaos enabled: what a
// file says is neither done unasked nor ignored in silence.
func AllowChaos() Option {
	return func(o *options) { o.chaos = true }
}

// chaosTargets is the error that names the targets whose chaos is not allowed,
// nil if there are none.
func (o *options) chaosTargets(set *policies.Set) error {
	if o.chaos {
		return nil
	}
	var names []string
	for _, name := range set.Names() {
		if p, err := set.Target(name); err == nil && p.Chaos.Enabled {
			names = append(names, fmt.Sprintf("%q", name))
		}
	}
	if names == nil {
		return nil
	}
	return fmt.Errorf("targets %s: %w", strings.Join(names, ", "), ErrChaosNotAllowed)
}

// InjectedError is a failure, or the value of a panic, that chaos has injected.
// errors.Is finds [ErrInjected]; errors.As and errors.Is reach an error like
// the one that the real fault has.
type InjectedError struct {
	// Target is the target whose policy says so.
	Target string
	// Err is what the attempt was made to fail with.
	Err error
}

func (e *InjectedError) Error() string {
	return fmt.Sprintf("%v settings of %q: %v", ErrInjected, e.Target, e.Err)
}

// Is makes errors.Is(err, ErrInjected) true.
func (e *InjectedError) Is(target error) bool { return target == ErrInjected }

// Unwrap gives the fault.
func (e *InjectedError) Unwrap() error { return e.Err }

// injections counts what chaos has done to a target.
type injections struct{ latencies, failures, panics atomic.Uint64 }

var errPanicInjected = errors.New("a panic")

// inject does to an attempt that has just begun what its policy's chaos says,
// on the attempt's own goroutine and within its boundary, so that it is
// classified, retried and counted as the real fault would be.
func (op *operation) inject(ctx context.Context, attempt int) error {
	i := chaos.Decide(&op.policy.Chaos, chaos.Draw{Latency: rand.Float64(), Panic: rand.Float64(), Failure: rand.Float64()})
	if i == (chaos.Injection{}) {
		return nil
	}
	t := op.target
	if t.sup.bus.Active() {
		t.sup.bus.Publish(actors.FaultInjected{Header: actors.Header{Target: t.name, At: time.Now()},
			Operation: op.id(), Attempt: attempt, Injection: i})
	}
	if i.Latency > 0 {
		t.seldom().injected.latencies.Add(1)
		timer := time.NewTimer(i.Latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return &InjectedError{Target: t.name, Err: ctx.Err()}
		}
	}
	switch {
	case i.Panic:
		t.seldom().injected.panics.Add(1)
		panic(&InjectedError{Target: t.name, Err: errPanicInjected})
	case i.Failure != "":
		t.seldom().injected.failures.Add(1)
		return &InjectedError{Target: t.name, Err: chaos.Error(i.Failure)}
	}
	return nil
}

// ChaosSnapshot counts what chaos has injected into a target's attempts.
type ChaosSnapshot struct{ Latencies, Failures, Panics uint64 }

func (i *injections) snapshot() ChaosSnapshot {
	return ChaosSnapshot{Latencies: i.latencies.Load(), Failures: i.failures.Load(), Panics: i.panics.Load()}
}
