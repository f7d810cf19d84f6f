package supervisor_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// pool.adaptive has the number of workers follow what the service can do. This
// one throttles whoever comes.
func Example_adaptiveConcurrency() {
	p := policies.Default(policies.API)
	p.Pool.Adaptive, p.Pool.MinWorkers, p.Pool.Workers = true, 1, 64
	p.Retry.Enabled = false
	set, err := policies.NewSet(map[string]policies.Policy{"model": p})
	if err != nil {
		fmt.Println(err)
		return
	}
	sup, err := supervisor.New(set)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sup.Shutdown(context.Background())

	for range 2 {
		var together, all sync.WaitGroup
		together.Add(4)
		for range 4 {
			all.Go(func() {
				_, _ = supervisor.Do(context.Background(), sup, "model", func(context.Context) (string, error) {
					together.Done()
					together.Wait() // until all four have come
					return "", &classify.StatusError{StatusCode: http.StatusTooManyRequests}
				})
			})
		}
		all.Wait()
		c := sup.Snapshot().Targets[0].Concurrency
		fmt.Printf("%d at a time, from %d to %d\n", c.Limit, c.Min, c.Max)
	}
	// Output:
	// 4 at a time, from 1 to 64
	// 2 at a time, from 1 to 64
}
