package paths

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

func shutdown() []Scenario {
	return []Scenario{{Path{"shutdown/holdfast", shutDown}, 100_000, 4}}
}

// shutDown ends a supervisor while b.N operations wait for their second attempts.
// It has ended when each of them has its outcome.
func shutDown(b *testing.B) {
	p := policies.Default(policies.API)
	p.Pool.MaxPending = b.N
	p.Retry.MinWait, p.Retry.MaxWait = time.Hour, time.Hour
	neverTrips(&p)
	set, err := policies.NewSet(map[string]policies.Policy{"api": p})
	check(b, err)
	sup, err := supervisor.New(set)
	check(b, err)
	target := sup.Target("api")
	futures := make([]*supervisor.Future[int], b.N)
	for i := range futures {
		futures[i] = supervisor.GoOn(ctx, target, func(context.Context) (int, error) { return 0, errDown })
	}
	for inBackoff(sup) < b.N {
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	check(b, sup.Shutdown(ctx))
	b.ReportMetric(time.Since(began).Seconds(), "s-to-end")
	for _, f := range futures {
		select {
		case <-f.Done():
		default:
			b.Fatal("an operation has no outcome")
		}
		if _, err := f.Wait(ctx); !errors.Is(err, supervisor.ErrShutdown) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
}
