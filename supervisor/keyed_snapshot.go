package supervisor

import (
	"slices"
	"strings"
	"sync/atomic"
)

// KeyedSnapshot is what a supervisor knows of the keyed targets of one
// template, those that don't run included.
type KeyedSnapshot struct {
	// Template is the name that they are asked for by.
	Template string
	// MaxKeys is the bound of Live and Remembered together.
	MaxKeys int
	// Live is how many run, each of which is in Snapshot.Targets. Remembered is
	// how many are passivated and not forgotten, and Refusing how many of these
	// have a breaker that refuses calls or only lets probes through.
	Live, Remembered, Refusing int
	// Passivated counts the targets that were put away, Evicted what was
	// remembered and dropped to make room, TooMany the requests for a target
	// that got none.
	Passivated, Evicted, TooMany uint64
	// Ended adds up what the targets that run no more have counted.
	Ended KeyedTotals
}

// KeyedTotals are sums over targets; see [TargetSnapshot].
type KeyedTotals struct {
	Succeeded, Failed, Refused, Rejected, Retries, Restarts uint64
}

// keyStats is what anybody may read of a keyspace.
type keyStats struct {
	live, remembered, refusing   atomic.Int64
	passivated, evicted, refused atomic.Uint64

	succeeded, failed, callsRefused, rejected, retries, restarts atomic.Uint64
}

// take adds what a target has counted.
func (s *keyStats) take(t *Target) {
	s.succeeded.Add(t.pool.counted())
	s.failed.Add(t.counts.failed.Load())
	s.callsRefused.Add(t.refusedTold.Load() + t.refused.Swap(0)) // taken away, so that none is counted twice
	s.rejected.Add(t.counts.rejected.Load())
	s.retries.Add(t.counts.retries.Load())
	s.restarts.Add(t.counts.restarts.Load())
}

func (k *keyspace) countMemories() {
	k.stats.remembered.Store(int64(k.memories.byID.n))
	k.stats.refusing.Store(int64(len(k.memories.refusing)))
}

func (k *keyspace) snapshot() KeyedSnapshot {
	s := &k.stats
	return KeyedSnapshot{
		Template:   k.name,
		MaxKeys:    k.maxKeys(),
		Live:       int(s.live.Load()),
		Remembered: int(s.remembered.Load()),
		Refusing:   int(s.refusing.Load()),
		Passivated: s.passivated.Load(),
		Evicted:    s.evicted.Load(),
		TooMany:    s.refused.Load(),
		Ended: KeyedTotals{
			Succeeded: s.succeeded.Load(), Failed: s.failed.Load(), Refused: s.callsRefused.Load(),
			Rejected: s.rejected.Load(), Retries: s.retries.Load(), Restarts: s.restarts.Load(),
		},
	}
}

// keyed lists the keyspaces, by name.
func (s *Supervisor) keyed() []KeyedSnapshot {
	var all []KeyedSnapshot
	s.keyspaces.Range(func(_ string, k *keyspace) bool {
		all = append(all, k.snapshot())
		return true
	})
	slices.SortFunc(all, func(a, b KeyedSnapshot) int { return strings.Compare(a.Template, b.Template) })
	return all
}
