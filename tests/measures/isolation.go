package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// victim is a target that may be killed.
type victim struct {
	name string
	// epoch is odd while the target is being killed.
	epoch atomic.Int64
}

// isolation kills one target in a hundred a second, its supervisor, its breaker
// or its workers, and counts the operations on others that fail meanwhile.
func isolation(s sizes) error {
	p := policies.Default(policies.API)
	p.Retry.Enabled = false
	all := make([]*victim, s.targets)
	declared := map[string]policies.Policy{}
	for i := range all {
		all[i] = &victim{name: fmt.Sprintf("target_%d", i)}
		declared[all[i].name] = p
	}
	set, err := policies.NewSet(declared)
	if err != nil {
		return err
	}
	sup, err := supervisor.New(set)
	if err != nil {
		return err
	}
	var operations, foreign, own, kills atomic.Int64
	var first atomic.Value
	over := time.Now().Add(s.lasting)
	var callers sync.WaitGroup
	for n := range 8 {
		random := rand.New(rand.NewPCG(1, uint64(n)))
		callers.Go(func() {
			for time.Now().Before(over) {
				v := all[random.IntN(len(all))]
				before := v.epoch.Load()
				work := func(context.Context) (int, error) { return 1, nil }
				var err error
				if random.IntN(2) == 0 {
					_, err = supervisor.Do(context.Background(), sup, v.name, work)
				} else {
					_, err = supervisor.Go(context.Background(), sup, v.name, work).Wait(context.Background())
				}
				operations.Add(1)
				switch {
				case err == nil:
				case before%2 == 1 || v.epoch.Load() != before:
					own.Add(1)
				default:
					first.CompareAndSwap(nil, err)
					foreign.Add(1)
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 1000))
	pause := time.Second * 100 / time.Duration(s.targets)
	for time.Now().Before(over) {
		kill(sup, all[random.IntN(len(all))], random.IntN(3))
		kills.Add(1)
		<-time.After(pause)
	}
	callers.Wait()
	if err := sup.Shutdown(context.Background()); err != nil {
		return err
	}
	fmt.Printf("prove: isolation targets=%d operations=%d kills=%d foreign=%d own=%d\n", s.targets, operations.Load(), kills.Load(),
		foreign.Load(), own.Load())
	if err, ok := first.Load().(error); ok {
		return errors.Join(errors.New("an operation on a target that was not killed failed"), err)
	}
	if operations.Load() == 0 || kills.Load() == 0 {
		return fmt.Errorf("%d operations and %d kills show nothing; give a longer -for", operations.Load(), kills.Load())
	}
	return nil
}

// kill stops an actor of a target, and returns when the target works again.
func kill(sup *supervisor.Supervisor, v *victim, which int) {
	target := sup.Target(v.name)
	pid, root := target.PID(), sup.System().Root
	v.epoch.Add(1)
	defer v.epoch.Add(1)
	switch which {
	case 0:
		root.Stop(pid)
	case 1:
		root.Stop(sup.Breaker(v.name).PID())
	case 2:
		for _, worker := range workersOf(sup, v.name) {
			root.Stop(actor.NewPID(sup.System().Address(), worker))
		}
	}
	for {
		if _, err := supervisor.Do(context.Background(), sup, v.name, func(context.Context) (int, error) { return 1, nil }); err == nil {
			return
		}
		<-time.After(time.Millisecond)
	}
}

func workersOf(sup *supervisor.Supervisor, name string) (ids []string) {
	for _, t := range sup.Snapshot().Targets {
		if t.Name == name {
			for _, w := range t.Workers {
				ids = append(ids, w.PID)
			}
		}
	}
	return ids
}
