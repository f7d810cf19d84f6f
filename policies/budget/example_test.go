package budget_test

import (
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/budget"
)

// A hundred calls and a reserve of one a second over ten seconds allow thirty
// retries, at a fifth of the calls.
func Example() {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	b := budget.New(policies.RetryBudget{Ratio: 0.2, MinPerSecond: 1, Window: 10 * time.Second}, now)
	for range 100 {
		b.Call(now)
	}
	retries := 0
	for b.Take(now) {
		retries++
	}
	fmt.Println(retries, "retries")
	fmt.Printf("%+v\n", b.Balance(now))
	fmt.Printf("%+v\n", b.Balance(now.Add(10*time.Second)))
	// Output:
	// 30 retries
	// {Calls:100 Retries:30 Available:0}
	// {Calls:0 Retries:0 Available:10}
}
