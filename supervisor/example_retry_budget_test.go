package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Two models of one provider draw from one retry budget: a fifth of all their
// calls, and here no reserve. When the provider is down, it gets 24 calls
// instead of 80.
func Example_retryBudget() {
	set, err := load.Load(load.Bytes("agent_config.yaml", load.YAML, []byte(`
retry_policy:    {max_attempts: 4, min_wait: 0, max_wait: 0}
circuit_breaker: {failure_threshold: never}
targets:
  model_a: {retry_budget: {enabled: true, shared: provider, ratio: 0.2, min_per_second: 0}}
  model_b: {retry_budget: {enabled: true, shared: provider}}
`)))
	if err != nil {
		fmt.Println(err)
		return
	}
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())

	calls := 0
	ask := func(context.Context) (string, error) {
		calls++
		return "", refused
	}
	for range 10 {
		_, _ = supervisor.Do(context.Background(), sup, "model_a", ask)
		_, err = supervisor.Do(context.Background(), sup, "model_b", ask)
	}
	fmt.Println(calls, "calls for 20 operations")

	_, err = supervisor.Do(context.Background(), sup, "model_b", ask)
	var exhausted *supervisor.ExhaustedError
	fmt.Println(errors.As(err, &exhausted), exhausted.Attempts, exhausted.Reason)
	fmt.Println(errors.Is(err, supervisor.ErrRetryBudget), errors.Is(err, syscall.ECONNREFUSED))
	b := sup.Snapshot().Targets[1].RetryBudget
	fmt.Println(b.Name, b.Calls, b.Retries, b.Available)
	// Output:
	// 24 calls for 20 operations
	// true 1 budget_exhausted
	// true true
	// provider 21 4 0
}
