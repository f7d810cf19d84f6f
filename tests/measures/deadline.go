package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// deadline measures how long after its deadline a caller is freed while its
// function ignores its context: with attempt_timeout, and with a deadline of the
// caller's own, and for one caller in twenty without Holdfast, for comparison. The
// deadlines are spread over their length, so that the callers don't all wake at
// one moment. The functions stay behind, and each collection of garbage has all
// their stacks to look at: on two cores no timer is served meanwhile.
func deadline(s sizes) error {
	p := policies.Default(policies.API)
	p.Retry.Enabled = false
	p.Breaker.Enabled = false
	p.Pool.Workers, p.Pool.MaxAbandoned = 1_000_000, 1_000_000
	timed := p
	timed.Retry.AttemptTimeout = s.lasting / 4
	set, err := policies.NewSet(map[string]policies.Policy{"timed": timed, "plain": p})
	if err != nil {
		return err
	}
	sup, err := supervisor.New(set)
	if err != nil {
		return err
	}
	limit := timed.Retry.AttemptTimeout
	release, over := make(chan struct{}), time.Now().Add(s.lasting)
	byTimeout := func() (time.Duration, error) {
		var due time.Time
		_, err := supervisor.Do(context.Background(), sup, "timed", func(ctx context.Context) (int, error) {
			due, _ = ctx.Deadline()
			<-release
			return 0, nil
		})
		return time.Since(due), err
	}
	byCaller := func() (time.Duration, error) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		due, _ := ctx.Deadline()
		_, err := supervisor.Go(ctx, sup, "plain", func(context.Context) (int, error) {
			<-release
			return 0, nil
		}).Wait(context.Background())
		return time.Since(due), err
	}
	bare := func() (time.Duration, error) { // without Holdfast: what the machine can do
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		due, _ := ctx.Deadline()
		go func() { <-release }()
		<-ctx.Done()
		return time.Since(due), ctx.Err()
	}
	var mu sync.Mutex
	late := map[string][]time.Duration{}
	var callers sync.WaitGroup
	var wrong error
	for i := range s.inFlight {
		name, call := "timed", byTimeout
		switch {
		case i%20 == 0:
			name, call = "bare", bare
		case i%2 == 1:
			name, call = "caller", byCaller
		}
		callers.Go(func() {
			<-time.After(limit * time.Duration(i) / time.Duration(s.inFlight))
			for time.Now().Before(over) {
				d, err := call()
				mu.Lock()
				late[name] = append(late[name], d)
				if !errors.Is(err, context.DeadlineExceeded) {
					wrong = fmt.Errorf("an operation was to run out of time, and ended with %v", err)
				}
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	close(release)
	if err := errors.Join(wrong, sup.Shutdown(context.Background())); err != nil {
		return err
	}
	p999 := map[string]float64{}
	for name, all := range late {
		p999[name] = milliseconds(quantile(all, 0.999))
	}
	fmt.Printf("prove: deadline inflight=%d samples=%d timed_p50_ms=%.3f timed_p999_ms=%.3f caller_p50_ms=%.3f caller_p999_ms=%.3f "+
		"bare_p999_ms=%.3f timed_beyond_bare_ms=%.3f caller_beyond_bare_ms=%.3f\n",
		s.inFlight, len(late["timed"])+len(late["caller"]), milliseconds(quantile(late["timed"], 0.5)), p999["timed"],
		milliseconds(quantile(late["caller"], 0.5)), p999["caller"], p999["bare"], p999["timed"]-p999["bare"], p999["caller"]-p999["bare"])
	return nil
}
