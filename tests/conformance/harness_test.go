// Package conformance_test holds what a user of the Python implementation
// relies on, line by line, the weaknesses of it that must not come back, and
// the defects of other resilience libraries that must not appear here.
//
// Where time passes a test runs in a synctest bubble, so a minute costs
// nothing and every moment is exact. Where the network matters it uses a real
// server and waits of zero.
package conformance_test

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// gateway is the target most tests call.
const gateway = "payment_gateway"

// attempt is what an operation does.
type attempt = func(context.Context) (int, error)

// inBubble runs f with a supervisor for set in a bubble of its own, and shuts
// it down there.
func inBubble(t *testing.T, set *policies.Set, f func(t *testing.T, sup *supervisor.Supervisor), opts ...supervisor.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sup, err := supervisor.New(set, opts...)
		require.NoError(t, err)
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			assert.NoError(t, sup.Shutdown(ctx), "something still runs an hour after the test")
			outliveDeadLetters()
		}()
		f(t, sup)
	})
}

// outliveDeadLetters lets the actor engine's throttle of dead letters end: it
// keeps a goroutine for a second after each, and a bubble may not end before
// all its goroutines have.
func outliveDeadLetters() {
	time.Sleep(2 * time.Second)
	synctest.Wait()
}

// oneTarget is a set with the gateway under p.
func oneTarget(t *testing.T, p policies.Policy) *policies.Set {
	t.Helper()
	return setOf(t, map[string]policies.Policy{gateway: p})
}

func setOf(t *testing.T, targets map[string]policies.Policy) *policies.Set {
	t.Helper()
	set, err := policies.NewSet(targets)
	require.NoError(t, err)
	return set
}

// guarded is a policy of single calls under a breaker that trips at three
// failures and opens for exactly a minute.
func guarded(change ...func(*policies.Policy)) policies.Policy {
	p := policies.Default(policies.API)
	p.Retry.Enabled = false
	p.Breaker.FailureThreshold = 3
	p.Breaker.RecoveryTimeout = time.Minute
	p.Breaker.RecoveryJitter = 0
	for _, c := range change {
		c(&p)
	}
	return p
}

// retried is a policy of retries whose breaker stays out of the way.
func retried(change ...func(*policies.Policy)) policies.Policy {
	p := policies.Default(policies.API)
	p.Breaker.FailureThreshold = policies.Never
	for _, c := range change {
		c(&p)
	}
	return p
}

// withoutWaits makes p retry at once, for tests on the real clock.
func withoutWaits(p policies.Policy) policies.Policy {
	p.Retry.MinWait, p.Retry.MaxWait = 0, 0
	return p
}

var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	errTimeout = &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
	errUnknown = errors.New("the backend said no")
)

// failing is an operation that always fails with err.
func failing(err error) attempt {
	return func(context.Context) (int, error) { return 0, err }
}

// answering is an operation that succeeds with v.
func answering(v int) attempt {
	return func(context.Context) (int, error) { return v, nil }
}

// script is an operation whose n-th execution fails with the n-th error, and
// which succeeds with 42 after them. It counts its executions.
type script struct {
	errs []error
	runs atomic.Int64
}

func scripted(errs ...error) *script { return &script{errs: errs} }

func (s *script) run(context.Context) (int, error) {
	n := int(s.runs.Add(1))
	if n <= len(s.errs) {
		return 0, s.errs[n-1]
	}
	return 42, nil
}

func (s *script) calls() int { return int(s.runs.Load()) }

// always is a script that fails n times with err.
func always(n int, err error) *script {
	s := scripted()
	for range n {
		s.errs = append(s.errs, err)
	}
	return s
}

// do is supervisor.Do on the gateway.
func do(sup *supervisor.Supervisor, fn attempt) (int, error) {
	return supervisor.Do(context.Background(), sup, gateway, fn)
}

// trip opens the gateway's breaker with as many failures as that takes.
func trip(t *testing.T, sup *supervisor.Supervisor) {
	t.Helper()
	b := sup.Breaker(gateway)
	for range sup.Target(gateway).Policy().Breaker.FailureThreshold {
		_, err := do(sup, failing(errRefused))
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	}
	require.False(t, b.State().Admits(), "the breaker is %s after as many failures as its threshold", b.State())
}

// pass lets virtual time pass, and everything happen that is due by then.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// backoffPermanent marks err as one not to repeat; the breaker still counts it.
func backoffPermanent(err error) error { return backoff.Permanent(err) }

// blocking is an operation that waits for release and then ends with err.
func blocking(release <-chan struct{}, err error) attempt {
	return func(context.Context) (int, error) {
		<-release
		return 0, err
	}
}

// concurrently runs f n times at once. When all of them wait it calls then,
// and returns their errors when they have ended.
func concurrently(n int, f func(i int) error, then func()) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	synctest.Wait()
	then()
	all.Wait()
	return slices.Clone(errs)
}
