package supervisor_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// A function says what it has cost, and the breaker trips on what failures burn.
func ExampleReportCost() {
	p := policies.Default(policies.API)
	p.Breaker.FailureCost = 10_000 // tokens a minute; in a file: circuit_breaker: {failure_cost: 10000}
	set, _ := policies.NewSet(map[string]policies.Policy{"model": p})
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())

	for range 3 {
		_, err := supervisor.Do(context.Background(), sup, "model", func(ctx context.Context) (string, error) {
			supervisor.ReportCost(ctx, 6_000)
			return "", errors.New("the answer is no JSON")
		})
		fmt.Println(errors.Is(err, supervisor.ErrOpen))
	}
	snap := sup.Snapshot().Targets[0]
	fmt.Println(snap.Breaker.Reason, snap.CostSpent, snap.CostBurned)
	// Output:
	// false
	// false
	// true
	// failure_cost 12000 12000
}
