package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// WithProbe finds out whether a service is back without risking a call.
func ExampleWithProbe() {
	p := policies.Default(policies.API)
	p.Breaker.ProbeInterval = time.Millisecond
	set, _ := policies.NewSet(map[string]policies.Policy{"payments": p})
	sup, _ := supervisor.New(set, supervisor.WithProbe("payments", func(context.Context) error {
		fmt.Println("GET /health: 200") // a real one asks the service, within its context
		return nil
	}))
	defer sup.Shutdown(context.Background())
	sup.Breaker("payments").ForceOpenFor(20 * time.Millisecond) // an outage

	fmt.Println(supervisor.Do(context.Background(), sup, "payments",
		func(context.Context) (string, error) { return "paid after the outage", nil },
		supervisor.ParkWhenOpen()))
	// Output:
	// GET /health: 200
	// GET /health: 200
	// paid after the outage <nil>
}

// With circuit_breaker.ramp a breaker that has closed lets the load back in by
// degrees: at first as many calls at a time as it let probe.
func Example_ramp() {
	p := policies.Default(policies.API)
	p.Breaker.SuccessThreshold = 1
	p.Breaker.Ramp = time.Hour
	set, _ := policies.NewSet(map[string]policies.Policy{"payments": p})
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())
	pay := func(context.Context) (string, error) { return "paid", nil }

	sup.Breaker("payments").ForceOpenFor(20 * time.Millisecond)                                 // an outage
	_, _ = supervisor.Do(context.Background(), sup, "payments", pay, supervisor.ParkWhenOpen()) // the probe
	fmt.Println(sup.Breaker("payments").State(), sup.Breaker("payments").Counts().RampLimit)

	_, _ = supervisor.Do(context.Background(), sup, "payments", func(context.Context) (string, error) {
		_, err := supervisor.Do(context.Background(), sup, "payments", pay) // while one runs
		var refusal *supervisor.OpenError
		fmt.Println(errors.As(err, &refusal), refusal.Recovering, refusal.RetryAfter())
		return "paid", nil
	})
	fmt.Println(supervisor.Do(context.Background(), sup, "payments", pay)) // after it
	// Output:
	// closed 1
	// true true 1s
	// paid <nil>
}
