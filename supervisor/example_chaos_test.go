package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Chaos injects faults to see what becomes of them, where the program allows it.
func ExampleAllowChaos() {
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = 0, 0
	p.Chaos.Enabled, p.Chaos.FailureRate = true, 1 // in a file: chaos: {enabled: true, failure_rate: 1}
	set, _ := policies.NewSet(map[string]policies.Policy{"payments": p})

	_, err := supervisor.New(set)
	fmt.Println(errors.Is(err, supervisor.ErrChaosNotAllowed))

	sup, _ := supervisor.New(set, supervisor.AllowChaos())
	defer sup.Shutdown(context.Background())
	_, err = supervisor.Do(context.Background(), sup, "payments", func(context.Context) (string, error) { return "paid", nil })
	fmt.Println(err)
	fmt.Println(errors.Is(err, supervisor.ErrInjected), errors.Is(err, syscall.ECONNREFUSED))
	fmt.Printf("%+v\n", sup.Snapshot().Targets[0].Chaos)
	// Output:
	// true
	// operation on "payments" failed after 4 attempts (max_attempts): injected by chaos settings of "payments": dial tcp: connect: connection refused
	// true true
	// {Latencies:0 Failures:4 Panics:0}
}
