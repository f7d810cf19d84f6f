package chaos_test

import (
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// What goes on around the operations, until calm.

// killWorkers stops workers, idle and busy ones, and gives their number.
func (s *storm) killWorkers(calm <-chan struct{}) (kills int64) {
	random := rand.New(rand.NewPCG(s.seed, 1))
	root, address := s.sup.System().Root, s.sup.System().Address()
	for {
		select {
		case <-calm:
			return kills
		case <-time.After(100 * time.Microsecond):
		}
		for _, target := range s.sup.Snapshot().Targets {
			if len(target.Workers) == 0 {
				continue
			}
			id := target.Workers[random.IntN(len(target.Workers))].PID
			if _, before := s.killed.LoadOrStore(id, true); before {
				continue
			}
			kills++
			end(random, root, actor.NewPID(address, id))
		}
	}
}

// meddle works the breakers by hand, and leaves them closed.
func (s *storm) meddle(calm <-chan struct{}) int64 {
	random := rand.New(rand.NewPCG(s.seed, 2))
	for {
		b := s.sup.Breaker(targetNames[random.IntN(len(targetNames))])
		switch random.IntN(4) {
		case 0:
			b.ForceOpen()
		case 1:
			b.ForceOpenFor(50 * time.Microsecond)
		case 2:
			b.ForceClose()
		default:
			b.Counts()
		}
		select {
		case <-calm:
			s.sup.ResetBreakers()
			return 0
		case <-time.After(100 * time.Microsecond):
		}
		b.Reset()
		select {
		case <-calm:
			s.sup.ResetBreakers()
			return 0
		case <-time.After(time.Millisecond):
		}
	}
}

// end stops an actor in one of the two ways there are.
func end(random *rand.Rand, root *actor.RootContext, pid *actor.PID) {
	if random.IntN(4) == 0 {
		root.Poison(pid)
	} else {
		root.Stop(pid)
	}
}

// killTargets stops the supervisors of targets and their breakers.
func (s *storm) killTargets(calm <-chan struct{}) (kills int64) {
	random := rand.New(rand.NewPCG(s.seed, 3))
	root, address := s.sup.System().Root, s.sup.System().Address()
	for {
		select {
		case <-calm:
			return kills
		case <-time.After(2 * time.Millisecond):
		}
		all := s.sup.Snapshot().Targets
		if len(all) == 0 {
			continue
		}
		target := all[random.IntN(len(all))]
		id := target.PID
		if random.IntN(2) == 0 {
			id = target.Breaker.PID
		} else {
			s.killed.Clear() // the next target counts its workers from 1 again
		}
		kills++
		end(random, root, actor.NewPID(address, id))
	}
}

// reload puts other policies in force all the time.
func (s *storm) reload(calm <-chan struct{}) (reloads int64) {
	for {
		select {
		case <-calm:
			return reloads
		case <-time.After(time.Millisecond):
		}
		_, set := policySet(s.t, 1+int(reloads%6))
		if err := s.sup.Apply(set); err != nil {
			s.t.Error(err)
		}
		reloads++
	}
}
