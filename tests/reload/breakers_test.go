package reload_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// failures is how many failures the target failing has counted.
const failures = 3

// keptBreakers are the breakers whose state no reload may change, and how they
// were before the first.
type keptBreakers struct {
	before map[string]kept
	mu     sync.Mutex
	lost   map[string]string // by target, what was seen first
}

type kept struct {
	state      breaker.State
	generation uint64
	counts     breaker.Counts
}

// prepareBreakers brings every breaker into its state.
func (s *storm) prepareBreakers(t *testing.T) *keptBreakers {
	t.Helper()
	s.sup.Breaker(forced).ForceOpen()
	s.sup.Breaker(disabled).Disable()
	for range failures {
		s.fail(t, failing)
	}
	require.Equal(t, breaker.Closed, s.sup.Breaker(failing).State())
	for range rulesOf(s.seed, 0, tripped).threshold {
		s.fail(t, tripped)
	}
	require.Equal(t, breaker.Open, s.sup.Breaker(tripped).State())

	k := &keptBreakers{before: map[string]kept{}, lost: map[string]string{}}
	for _, snap := range s.sup.Snapshot().Targets {
		switch snap.Name {
		case forced, tripped, failing, disabled, constant:
			k.before[snap.Name] = kept{snap.Breaker.State, snap.Breaker.Generation, steady(snap.Name, snap.Breaker.Counts)}
		}
	}
	require.Len(t, k.before, 5)
	return k
}

func (s *storm) fail(t *testing.T, target string) {
	t.Helper()
	_, err := supervisor.DoOn(context.Background(), s.targets[target], func(context.Context) (int, error) { return 0, errPlain })
	require.ErrorIs(t, err, errPlain)
}

// steady are the counts without those that the operations of the test change.
func steady(target string, c breaker.Counts) breaker.Counts {
	if target == constant {
		return breaker.Counts{LastTransition: c.LastTransition, Stale: c.Stale}
	}
	c.Rejected, c.Ignored = 0, 0
	return c
}

// look compares the breakers with how they were.
func (k *keptBreakers) look(s *storm) {
	for name, before := range k.before {
		b := s.sup.Breaker(name)
		k.compare(name, before, kept{b.State(), before.generation, steady(name, b.Counts())})
	}
}

func (k *keptBreakers) compare(name string, before, now kept) {
	if before != now {
		k.complain(name, "the breaker was %+v and is %+v", before, now)
	}
}

func (k *keptBreakers) complain(target, format string, args ...any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lost[target] == "" {
		k.lost[target] = fmt.Sprintf(format, args...)
	}
}

// tripAtLast compares once more, with the generations, and then shows that
// what the failing breaker has counted before all reloads still counts, up to
// the threshold of the last.
func (k *keptBreakers) tripAtLast(t *testing.T, s *storm) {
	t.Helper()
	for _, snap := range s.sup.Snapshot().Targets {
		if before, ok := k.before[snap.Name]; ok {
			k.compare(snap.Name, before, kept{snap.Breaker.State, snap.Breaker.Generation, steady(snap.Name, snap.Breaker.Counts)})
		}
	}
	for range rulesOf(s.seed, s.applied.Load(), failing).threshold - failures {
		assert.Equal(t, breaker.Closed, s.sup.Breaker(failing).State())
		s.fail(t, failing)
	}
	assert.Equal(t, breaker.Open, s.sup.Breaker(failing).State())
}
