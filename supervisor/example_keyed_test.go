package supervisor_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// One template, and for each model and tenant a breaker and a pool of its own:
// the outage of one model leaves the others alone.
func ExampleSupervisor_Target_keys() {
	p := policies.Default(policies.API)
	p.Breaker.FailureThreshold = 1
	p.Retry.MaxAttempts = 1
	p.Keyed.MaxKeys = 1000 // those that run and those that are remembered
	set, err := policies.NewSet(map[string]policies.Policy{"provider": p})
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

	tenant := supervisor.Key("tenant-7")
	ask := func(model supervisor.Key, answer string, failure error) {
		target := sup.Target("provider", model, tenant)
		got, err := supervisor.DoOn(context.Background(), target, func(context.Context) (string, error) {
			return answer, failure
		})
		fmt.Printf("%s: %q, open: %t\n", target.Name(), got, errors.Is(err, supervisor.ErrOpen))
	}
	ask("gpt-x", "", refused)
	ask("gpt-x", "not asked", nil)
	ask("gpt-y", "hello", nil)
	// Output:
	// provider[gpt-x,tenant-7]: "", open: false
	// provider[gpt-x,tenant-7]: "", open: true
	// provider[gpt-y,tenant-7]: "hello", open: false
}
