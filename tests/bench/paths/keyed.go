package paths

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// keyed is b.N keyed targets that nobody uses any more.
func keyed() []Scenario {
	return []Scenario{
		{Path{"keyed/idle", idleKeys}, 100_000, 35},
		{Path{"keyed/remembered", rememberedKeys}, 100_000, 10},
	}
}

// byKeys is a policy for n keyed targets that are idle after the given time.
func byKeys(n int, idle time.Duration) map[string]policies.Policy {
	p := policies.Default(policies.API)
	p.Keyed = policies.Keyed{MaxKeys: n + 1, IdleTimeout: idle}
	p.Breaker.FailureThreshold = 1
	p.Breaker.RecoveryTimeout, p.Breaker.MaxRecoveryTimeout = time.Hour, time.Hour
	return map[string]policies.Policy{"api": p}
}

// idleKeys has one call succeed for each of b.N keys, and reports what each target
// costs just after it, what it costs when it has been idle for half of its
// idle_timeout and has let its workers go, and what is left of each when all are
// passivated: nothing has to be remembered of them, but engine and maps keep room
// for the next.
func idleKeys(b *testing.B) {
	idle := 40 * time.Second // long enough for 100,000 of them to be called within a part of it
	if b.N <= 1000 {
		idle = 2 * time.Second
	}
	sup := supervise(b, byKeys(b.N, idle))
	use(b, sup, "first", nil)
	before := inUse()
	began := time.Now()
	for i := range b.N {
		use(b, sup, i, nil)
	}
	b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(b.N), "ns/start")
	reportEach(b, before, "B/called")
	time.Sleep(idle * 11 / 20)
	reportEach(b, before, "B/live")
	if live := sup.Snapshot().Keyed[0].Live; live < b.N {
		b.Fatalf("%d of %d targets live", live, b.N)
	}
	set, err := policies.NewSet(byKeys(b.N, 50*time.Millisecond))
	check(b, err)
	check(b, sup.Apply(set))
	awaitPassivation(sup)
	reportEach(b, before, "B/passivated")
	b.ReportMetric(0, "ns/op")
}

// rememberedKeys opens the breaker of each of b.N keys. They are passivated as it
// goes on, so that few live at a time, and what is reported is what is remembered.
func rememberedKeys(b *testing.B) {
	sup := supervise(b, byKeys(b.N, 50*time.Millisecond))
	use(b, sup, "first", nil)
	before := inUse()
	for i := range b.N {
		use(b, sup, i, errBroken)
	}
	awaitPassivation(sup)
	if n := sup.Snapshot().Keyed[0].Refusing; n != b.N {
		b.Fatalf("%d open breakers are remembered, not %d", n, b.N)
	}
	reportEach(b, before, "B/remembered")
	b.ReportMetric(0, "ns/op")
}

// use has one operation end with err on the target of a key.
func use(b *testing.B, sup *supervisor.Supervisor, key any, err error) {
	target := sup.Target("api", supervisor.Key(fmt.Sprintf("tenant-%v", key)))
	_, got := supervisor.DoOn(ctx, target, func(context.Context) (int, error) { return 1, err })
	if got != err {
		b.Fatalf("%v, not %v", got, err)
	}
}

// awaitPassivation waits until no keyed target lives. A look asks every one that
// does, so there are few.
func awaitPassivation(sup *supervisor.Supervisor) {
	for sup.Snapshot().Keyed[0].Live > 0 {
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // the last actors end
}
