package breaker_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// A breaker's memory, stored when the program ends, keeps an open breaker open
// in the next run.
func ExampleRestore() {
	settings := policies.DefaultBreaker()
	settings.FailureThreshold, settings.RecoveryJitter = 1, 0
	now := time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)

	m := breaker.New(settings, now)
	permit, _ := m.Admit(now)
	m.Settle(now, 0, permit, policies.Failure, 0)
	stored, _ := json.Marshal(m.Memory(now))
	fmt.Println(string(stored))

	var memory breaker.Memory
	if err := json.Unmarshal(stored, &memory); err != nil {
		fmt.Println(err)
		return
	}
	later := now.Add(20 * time.Second)
	again, err := breaker.Restore(settings, memory, later)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(again.State(), "for another", again.Until().Sub(later))
	// Output:
	// {"at":"2025-01-01T12:00:00Z","state":"open","since":"2025-01-01T12:00:00Z","until":"2025-01-01T12:01:00Z","generation":2,"enabled":true,"consecutive_failures":1}
	// open for another 40s
}

// A breaker that has seen how long its target is down each time looks again
// when it may be back, and not only after the whole recovery_timeout.
func Example_adaptiveRecovery() {
	settings := policies.DefaultBreaker()
	settings.FailureThreshold, settings.SuccessThreshold, settings.RecoveryJitter = 1, 1, 0
	settings.AdaptiveRecovery = true
	now := time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)
	m := breaker.New(settings, now)
	call := func(o policies.Outcome) {
		permit, _ := m.Admit(now)
		m.Settle(now, 0, permit, o, 0)
	}
	for range 4 {
		call(policies.Failure)
		fmt.Println("open for", m.Until().Sub(now))
		now, _ = m.NextTick()
		m.Tick(now, 0)
		call(policies.Success)
	}
	// Output:
	// open for 1m0s
	// open for 1m0s
	// open for 1m0s
	// open for 30s
}
