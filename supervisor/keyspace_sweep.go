package supervisor

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
)

const (
	// sweeps is how many looks there are in an idle_timeout.
	sweeps = 4
	// leastSweep keeps a very short idle_timeout from spinning.
	leastSweep = 10 * time.Millisecond
	// sweepAtOnce is how many targets are asked to go, and sweepMemories how
	// many memories dropped, before the root looks at its other messages.
	sweepAtOnce   = 128
	sweepMemories = 1024
)

// sweeper looks at a keyspace now and then, as long as there is something in
// it. The root owns it.
type sweeper struct {
	timer *time.Timer
	every time.Duration
	on    bool
	// marks are the space's clock at the last looks: a target that was not
	// used since the oldest is idle.
	marks [sweeps]uint64
	n     int
}

// sweepDue is the time for a look, sweepOn for the rest of one.
type (
	sweepDue struct{ space *keyspace }
	sweepOn  struct {
		space   *keyspace
		horizon uint64
	}
)

// easeOn has targets that were not used since the last look do with less. It goes
// through them as they happen to stand, and meets the next time whom it missed.
type easeOn struct {
	space *keyspace
	last  uint64
	at    int
}

func (easeOn) refuse(*Supervisor)   {}
func (sweepDue) refuse(*Supervisor) {}
func (sweepOn) refuse(*Supervisor)  {}

// start has the looks begin, if they don't go on already.
func (w *sweeper) start(k *keyspace) {
	if w.on {
		return
	}
	w.on = true
	w.marks, w.n = [sweeps]uint64{}, 0
	w.every = max(leastSweep, k.policy.Load().Keyed.IdleTimeout/sweeps)
	if w.timer == nil {
		w.timer = time.AfterFunc(w.every, func() { k.sup.root.Tell(sweepDue{k}) })
		return
	}
	w.timer.Reset(w.every)
}

func (w *sweeper) stop() {
	w.on = false
	if w.timer != nil {
		w.timer.Stop()
	}
}

// restart follows another idle_timeout.
func (w *sweeper) restart(k *keyspace) {
	if w.on && w.every != max(leastSweep, k.policy.Load().Keyed.IdleTimeout/sweeps) {
		w.stop()
		w.start(k)
	}
}

func (m sweepDue) handle(r *rootActor, c actor.Context) {
	k := m.space
	w := &k.sweeper
	if r.stopping || !w.on {
		return
	}
	if k.size() == 0 {
		w.on = false // until there is something to look at
		return
	}
	horizon, last := w.marks[w.n%sweeps], w.marks[(w.n+sweeps-1)%sweeps]
	w.marks[w.n%sweeps] = k.clock.Add(1) - 1
	w.n++
	w.timer.Reset(w.every)
	sweepOn{k, horizon}.handle(r, c)
	easeOn{k, last, 0}.handle(r, c)
}

func (m sweepOn) handle(r *rootActor, _ actor.Context) {
	k := m.space
	if r.stopping {
		return
	}
	k.memories.expire(k.sup.since(), sweepMemories)
	k.countMemories()
	asked := k.shrink()
	for ; asked < sweepAtOnce; asked++ {
		t := k.used.least()
		if t == nil || t.keyed.seen > m.horizon {
			return
		}
		k.ask(t, actors.PassivatedIdle)
	}
	k.sup.root.Tell(m)
}

func (m easeOn) handle(r *rootActor, _ actor.Context) {
	k := m.space
	for eased := 0; !r.stopping && m.at < len(k.used); m.at++ {
		t := k.used[m.at]
		stamp := t.keyed.stamp.Load()
		if stamp > m.last || t.keyed.eased == stamp {
			continue
		}
		if eased == sweepAtOnce {
			k.sup.root.Tell(m)
			return
		}
		eased++
		t.keyed.eased = stamp
		t.tell(ease{})
	}
}

// shrink comes down to a limit that was lowered, and says how many running
// targets it has asked to go.
func (k *keyspace) shrink() (asked int) {
	for over := k.size() - k.maxKeys(); over > 0 && asked < sweepAtOnce; over-- {
		switch t := k.used.least(); {
		case len(k.memories.others) > 0:
			k.evict(k.memories.others[0])
		case t != nil:
			k.ask(t, actors.PassivatedForRoom)
			asked++
		case len(k.memories.refusing) > 0:
			k.evict(k.memories.refusing[0])
		default:
			return asked
		}
	}
	return asked
}
