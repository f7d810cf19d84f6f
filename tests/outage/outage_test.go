// Package outage_test compares policies over the ups and downs of a simulated
// service, in virtual time. docs/adaptive-retry.md has the figures of
//
//	go test ./tests/outage -outage.clients 100 -v
package outage_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

var (
	clients = flag.Int("outage.clients", 10, "clients that call the simulated service")
	seed    = flag.Uint64("outage.seed", 1, "of the simulated service")
)

// result is what came of one policy.
type result struct {
	operations, succeeded, calls int
	took                         time.Duration // all operations together
	byPhase                      map[string]int
}

func (r result) success() float64      { return 100 * float64(r.succeeded) / float64(r.operations) }
func (r result) perOperation() float64 { return float64(r.calls) / float64(r.operations) }
func (r result) latency() time.Duration {
	return (r.took / time.Duration(r.operations)).Round(time.Millisecond)
}

// every is how often a client starts an operation, whatever becomes of those
// before.
const every = 500 * time.Millisecond

// run has the clients call the service until it has gone through its course.
func run(t *testing.T, c course, edits ...func(*policies.Policy)) (r result) {
	virtualtime.Run(t, func(t *testing.T) {
		p := policies.Default(policies.API)
		p.Retry.MinWait, p.Retry.MaxWait = 100*time.Millisecond, 2*time.Second
		p.Pool.Workers = 10_000
		for _, edit := range edits {
			edit(&p)
		}
		set, err := policies.NewSet(map[string]policies.Policy{"x": p})
		require.NoError(t, err)
		sup, err := supervisor.New(set)
		require.NoError(t, err)
		s := newService(c, *seed)
		var mu sync.Mutex
		operate := func(fate float64) {
			began := time.Now()
			_, err := supervisor.Do(context.Background(), sup, "x", func(ctx context.Context) (int, error) { return s.call(ctx, fate) })
			mu.Lock()
			defer mu.Unlock()
			r.operations++
			r.took += time.Since(began)
			if err == nil {
				r.succeeded++
			}
		}
		var all sync.WaitGroup
		for client := range *clients {
			rnd := rand.New(rand.NewPCG(*seed, uint64(client)+2))
			all.Go(func() {
				time.Sleep(time.Duration(rnd.Int64N(int64(every))))
				for time.Since(s.began) < c.lasting() {
					fate := rnd.Float64()
					all.Go(func() { operate(fate) })
					time.Sleep(every)
				}
			})
		}
		all.Wait()
		r.byPhase = s.calls
		for _, n := range s.calls {
			r.calls += n
		}
		require.NoError(t, sup.Shutdown(context.Background()))
	})
	return r
}

func withoutBreaker(p *policies.Policy) { p.Breaker.Enabled = false }
func adaptive(p *policies.Policy)       { p.AdaptiveRetry.Enabled = true }
func learns(p *policies.Policy)         { p.Breaker.AdaptiveRecovery = true }
func withoutRetry(p *policies.Policy)   { p.Retry.Enabled = false }

// If this fails, adaptive retries cost the service more than they spare it, or
// the caller more than a hundredth of its successes.
func TestAdaptiveRetriesSpareTheService(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "| policy | operations | succeeded | calls | calls per operation | mean latency | calls while down | calls while half hopeless |\n|---|---|---|---|---|---|---|---|\n")
	row := func(name string, r result) result {
		fmt.Fprintf(&table, "| %s | %d | %.1f %% | %d | %.2f | %s | %d | %d |\n", name, r.operations, r.success(), r.calls, r.perOperation(),
			r.latency(), r.byPhase["down"], r.byPhase["half of it hopeless"])
		return r
	}
	row("no retry, no breaker", run(t, mixed, withoutBreaker, withoutRetry))
	fixed := row("fixed, no breaker", run(t, mixed, withoutBreaker))
	adapted := row("adaptive, no breaker", run(t, mixed, withoutBreaker, adaptive))
	row("fixed, breaker", run(t, mixed))
	row("adaptive, breaker", run(t, mixed, adaptive))
	t.Logf("%d clients, %s of virtual time\n%s", *clients, mixed.lasting(), table.String())

	assert.Less(t, adapted.perOperation(), fixed.perOperation())
	assert.Less(t, adapted.latency(), fixed.latency())
	assert.Greater(t, adapted.success(), fixed.success()-1)
}

// If this fails, a breaker that has learned how long outages last still keeps
// callers away for longer than one that has not, or storms the service.
func TestAdaptiveRecoveryIsBackSooner(t *testing.T) {
	quick := func(p *policies.Policy) { p.Breaker.RecoveryJitter = 0 }
	fixed := run(t, restarts(), quick, withoutRetry)
	adapted := run(t, restarts(), quick, withoutRetry, learns)
	t.Logf("%d clients, %s of virtual time, 20 restarts of 8 to 20 s\n| recovery | operations | succeeded | calls while down |\n|---|---|---|---|\n"+
		"| fixed, 60 s | %d | %.1f %% | %d |\n| adaptive | %d | %.1f %% | %d |\n", *clients, restarts().lasting(),
		fixed.operations, fixed.success(), fixed.byPhase["down"], adapted.operations, adapted.success(), adapted.byPhase["down"])
	assert.Greater(t, adapted.success(), fixed.success())
	assert.Less(t, adapted.byPhase["down"], 2*fixed.byPhase["down"])
}
