package invariants_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I12: one target's failure leaves the others alone.

func intensityOne(p *policies.Policy) {
	p.Restart = policies.Restart{MaxRestarts: 1, Within: time.Hour, Exceeded: policies.Escalate}
}

// Broken: something of one target's trouble can be seen or felt on another:
// an error, a delay, a restart, a breaker, a count.
func TestI12_TroubleStaysWhereItIs(t *testing.T) {
	for name, trouble := range map[string]func(*policies.Policy){
		"failures":                func(*policies.Policy) {},
		"an open breaker":         trips(1),
		"parked operations":       func(p *policies.Policy) { trips(1)(p); parks(p) },
		"one worker":              workers(1),
		"a full queue":            func(p *policies.Policy) { workers(1)(p); pending(1)(p) },
		"restarts that trip":      intensity(policies.TripBreaker),
		"restarts that stop it":   intensity(policies.StopTarget),
		"restarts that go higher": intensity(policies.Escalate),
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"ill": target(trouble), "well": target(workers(1), trips(1))})
				events := listen(sup)
				works(t, sup, "well")
				var ill sync.WaitGroup
				for range 10 {
					ill.Go(func() {
						for range 5 {
							ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
							_, _ = w.call(ctx, sup, "ill", func(context.Context) (int, error) {
								<-time.After(100 * time.Millisecond)
								panic("boom")
							})
							cancel()
						}
					})
				}
				for range 100 {
					works(t, sup, "well")
					pass(330 * time.Millisecond)
				}
				ill.Wait()
				synctest.Wait()
				require.Equal(t, breaker.Closed, sup.Breaker("well").State())
				for _, x := range sup.Snapshot().Targets {
					if x.Name == "well" {
						require.EqualValues(t, 101, x.Succeeded)
						require.Zero(t, x.Failed+x.Refused+x.Rejected+x.Retries+x.Restarts)
						require.Len(t, x.Workers, 1)
						require.Equal(t, 1, x.Workers[0].Incarnation)
					}
				}
				for _, e := range events.all() {
					if e.About().Target == "well" {
						require.IsType(t, actors.TargetStarted{}, e)
					}
				}
			})
		})
	}
}

// Broken: a target that hangs takes the workers, or the goroutines, of others.
func TestI12_AHangingTargetTakesNothingFromOthers(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"hangs": target(workers(2)), "well": target(workers(2))})
		hold := make(chan struct{})
		var all []<-chan outcome
		for range 500 {
			all = append(all, async(func() (int, error) {
				return w.call(context.Background(), sup, "hangs", func(context.Context) (int, error) { <-hold; return 1, nil })
			}))
		}
		synctest.Wait()
		for range 100 {
			works(t, sup, "well")
		}
		soon(t, async(func() (int, error) { sup.Snapshot(); sup.ResetBreakers(); return 0, nil }), "a look at the tree")
		works(t, sup, "worker") // one that starts only now
		close(hold)
		for _, ch := range all {
			require.NoError(t, soon(t, ch, "one that hung").err)
		}
	})
}

// Broken: one operation's trouble on a target is felt by others on the same
// one beyond what its breaker says.
func TestI12_NeighboursOnOneTarget(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(3), attempts(10))})
		var waiting []<-chan outcome
		for range 200 {
			waiting = append(waiting, async(func() (int, error) {
				return w.call(context.Background(), sup, "x", newClockwork().failing(99, errTemp))
			}))
		}
		for range 20 {
			pass(499 * time.Millisecond)
			works(t, sup, "x") // those that wait hold no worker
		}
		for _, ch := range waiting {
			require.ErrorIs(t, soon(t, ch, "one that waits").err, errTemp)
		}
		_, err := supervisor.Do(context.Background(), sup, "x", succeed)
		require.NoError(t, err)
	})
}
