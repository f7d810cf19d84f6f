package paths

import (
	"context"
	"errors"
	"testing"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

var (
	ctx = context.Background()
	// errDown is a failure that is worth another attempt. To the peers, which do
	// not look at errors, it is one like any other.
	errDown = classify.Retryable(errors.New("down"))
	// errBroken is a failure that is not.
	errBroken = errors.New("broken")
)

func succeed(context.Context) (int, error) { return 1, nil }

// failingFirst fails each first attempt. It is for one goroutine, whose
// operations it tells apart by counting.
func failingFirst() func() (int, error) {
	n := 0
	return func() (int, error) {
		n++
		if n%2 == 1 {
			return 0, errDown
		}
		return 1, nil
	}
}

// defaults is a supervisor with the default policies and nothing else. It has the
// target "api".
func defaults(b *testing.B) *supervisor.Supervisor { return supervise(b, nil) }

// api is a supervisor whose target "api" has the default policy with an edit.
func api(b *testing.B, edit func(*policies.Policy)) *supervisor.Supervisor {
	p := policies.Default(policies.API)
	edit(&p)
	return supervise(b, map[string]policies.Policy{"api": p})
}

func supervise(b *testing.B, targets map[string]policies.Policy, options ...supervisor.Option) *supervisor.Supervisor {
	set, err := policies.NewSet(targets)
	check(b, err)
	sup, err := supervisor.New(set, options...)
	check(b, err)
	b.Cleanup(func() { check(b, sup.Shutdown(context.Background())) })
	return sup
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// serially is a benchmark of one call after the other.
func serially(b *testing.B, call func() error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
}

// atOnce is one of GOMAXPROCS goroutines. Each has a call of its own.
func atOnce(b *testing.B, makeCall func() func() error) {
	b.ReportAllocs()
	b.ResetTimer() // what was prepared is not measured
	b.RunParallel(func(pb *testing.PB) {
		call := makeCall()
		for pb.Next() {
			if err := call(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// both makes the benchmarks of a call, one after the other and from GOMAXPROCS
// goroutines.
func both(group, contestant string, prepare func(b *testing.B) (makeCall func() func() error)) []Path {
	return []Path{
		{group + "/" + contestant, func(b *testing.B) { serially(b, prepare(b)()) }},
		{group + "_parallel/" + contestant, func(b *testing.B) { atOnce(b, prepare(b)) }},
	}
}
