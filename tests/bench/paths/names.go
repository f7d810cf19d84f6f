package paths

import (
	"fmt"
	"sync"
	"testing"

	"github.com/sony/gobreaker/v2"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// hotNames is how many targets of many are in use at a time. A program may know
// 100,000 targets, but what it calls over and over is few. The goal is about
// these: that there are many others is not to cost them anything. A walk over all
// of them meets each target's memory for the first time since all the others',
// which no index can help; it is shown beside the same walk over gobreakers.
const hotNames = 64

// Names are calls by name to one target, and to one of n that are all running. They
// share two supervisors, which are made at first use and never ended: the paths
// want a process of their own. What is called with one target and so much heap
// beside it shows what of the difference is the heap's doing: what is allocated
// is then seldom where it was a moment before, and so in no cache.
func Names(n int) []Path {
	one := sync.OnceValues(func() (*supervisor.Supervisor, error) { return running([]string{"api"}) })
	names := sync.OnceValue(func() []string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf("target-%d", i)
		}
		return all
	})
	many := sync.OnceValues(func() (*supervisor.Supervisor, error) { return running(names()) })
	gobreakers := sync.OnceValue(func() map[string]*gobreaker.CircuitBreaker[int] {
		all := make(map[string]*gobreaker.CircuitBreaker[int], n)
		for _, name := range names() {
			all[name] = newGobreaker()
		}
		return all
	})
	hot := func() []string {
		every := max(1, n/hotNames)
		var hot []string
		for i := 0; i < n && len(hot) < hotNames; i += every {
			hot = append(hot, names()[i])
		}
		return hot
	}
	return []Path{
		{"names/one", func(b *testing.B) { byName(b, one, []string{"api"}) }},
		{"names/same_of_many", func(b *testing.B) { byName(b, many, names()[n/2:n/2+1]) }},
		{"names/hot_of_many", func(b *testing.B) { byName(b, many, hot()) }},
		{"names/each_of_many", func(b *testing.B) { byName(b, many, names()) }},
		{"names/each_gobreaker", func(b *testing.B) {
			all := gobreakers()
			next := inTurn(names())
			serially(b, func() error {
				_, err := all[next()].Execute(func() (int, error) { return succeed(ctx) })
				return err
			})
		}},
	}
}

func byName(b *testing.B, supervise func() (*supervisor.Supervisor, error), names []string) {
	sup, err := supervise()
	check(b, err)
	next := inTurn(names)
	serially(b, func() error {
		_, err := supervisor.Do(ctx, sup, next(), succeed)
		return err
	})
}

func inTurn(names []string) func() string {
	i := -1
	return func() string {
		if i++; i == len(names) {
			i = 0
		}
		return names[i]
	}
}

// running is a supervisor of targets with the default policy, all of them started
// by one call each.
func running(names []string) (*supervisor.Supervisor, error) {
	targets := map[string]policies.Policy{}
	for _, name := range names {
		targets[name] = policies.Default(policies.API)
	}
	set, err := policies.NewSet(targets)
	if err != nil {
		return nil, err
	}
	sup, err := supervisor.New(set)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := supervisor.Do(ctx, sup, name, succeed); err != nil {
			return nil, err
		}
	}
	return sup, nil
}
