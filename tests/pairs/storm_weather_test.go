package pairs_test

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/supervisor"
)

// kill stops workers, and now and then a breaker or a whole target.
func (s *storm) kill(still <-chan struct{}) {
	root, address := s.sup.System().Root, s.sup.System().Address()
	for {
		select {
		case <-still:
			return
		case <-time.After(ms):
		}
		for _, target := range s.sup.Snapshot().Targets {
			id := target.Breaker.PID
			if n := len(target.Workers); n > 0 && rand.IntN(20) > 0 {
				id = target.Workers[rand.IntN(n)].PID
			} else if rand.IntN(20) > 0 {
				continue
			}
			if rand.IntN(30) == 0 {
				id = target.PID
				s.killed.Clear() // the next target counts its workers from 1 again
			}
			if _, before := s.killed.LoadOrStore(id, true); !before {
				root.Stop(actor.NewPID(address, id))
				s.kills.Add(1)
			}
		}
	}
}

// reload puts other policies in force.
func (s *storm) reload(still <-chan struct{}) {
	random := rand.New(rand.NewPCG(*seed, 1))
	for {
		select {
		case <-still:
			return
		case <-time.After(3 * ms):
		}
		err := s.sup.Apply(setOf(s.t, withOuter(weather(random))))
		if errors.Is(err, supervisor.ErrShutdown) {
			return
		}
		if err != nil {
			s.t.Error(err)
		}
		s.reloads.Add(1)
	}
}

// meddle works the breakers by hand, and has targets fall ill and recover.
func (s *storm) meddle(still <-chan struct{}) {
	for {
		b := s.sup.Breaker(stormNames[rand.IntN(keyed)])
		switch rand.IntN(3) {
		case 0:
			b.ForceOpenFor(ms)
		case 1:
			b.Reset()
		default:
			s.sup.ResetBreakers()
		}
		s.ill[rand.IntN(stormTargets)].Store(rand.IntN(3) == 0)
		select {
		case <-still:
			return
		case <-time.After(5 * ms):
		}
	}
}
