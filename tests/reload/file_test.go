package reload_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

const (
	// fileVersions is how many versions are written to the file. It takes the
	// watch a tenth of a second to trust each, and a second to find one bad.
	fileVersions = 5
	// between is how many operations run by themselves between two of them.
	between = 50
)

// badFiles are written before some of the versions.
var badFiles = map[int64]string{
	3: `{"targets": {"stamped": {"retry_policy": {"max_attempts": 7`,
	5: `{"retry_policy": {"max_attempts": 77, "never_retry": ["no.such.condition"]}}`,
}

// pace keeps a storm from happening faster than its events are looked at, so
// that none is dropped: an attempt that fails waits until few others have whose
// events are still to come. A nil one holds nobody up.
type pace struct {
	out  chan struct{}
	over atomic.Bool // something is wrong, and no reason to wait for ever
}

func (p *pace) wait() {
	if p == nil || p.over.Load() {
		return
	}
	select {
	case p.out <- struct{}{}:
	case <-time.After(stalled):
		p.over.Store(true)
	}
}

func (p *pace) goOn() {
	if p == nil {
		return
	}
	select {
	case <-p.out:
	default: // a failure that asked nobody
	}
}

// If this fails, a reload on the whole way from a file to the operations loses
// or mixes something, or a bad file has an effect.
func TestReload_FollowsAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "agent_config.json")
	write(t, path, config(*seed, 0))
	s := newStorm(t, load.File(path), math.MaxInt64, 0)
	s.pace = &pace{out: make(chan struct{}, 50)}
	told := make(chan actors.Event, 100)
	sub := s.sup.Subscribe(func(e actors.Event) {
		switch e.(type) {
		case actors.AttemptFailed, actors.OperationParked:
			s.pace.goOn()
		case actors.PoliciesApplied, actors.PoliciesRejected, actors.WatchDegraded:
			told <- e
		}
	})
	kept := s.prepareBreakers(t)
	require.NoError(t, s.sup.Watch(t.Context(), load.File(path)))
	finished := make(chan bool, 1)
	go func() { finished <- s.run(t, 4) }()
	defer s.calm.Store(true) // whatever happens

	own := s.newCaller()
	for v := int64(1); v <= fileVersions; v++ {
		if bad, ok := badFiles[v]; ok {
			write(t, path, []byte(bad))
			var wrong policies.Errors
			require.ErrorAs(t, next[actors.PoliciesRejected](t, told).Err, &wrong)
		}
		own.work(between)
		s.begun.Store(v)
		write(t, path, config(*seed, v))
		applied := next[actors.PoliciesApplied](t, told)
		s.applied.Store(v)
		assert.Equal(t, different(t, v-1, v), applied.Changed)
		assert.False(t, touches(applied, constant), "it does not change")
		own.work(between)
		kept.look(s)
	}
	own.end()
	s.calm.Store(true)
	require.True(t, <-finished, "operations that never come to their end")
	kept.tripAtLast(t, s)
	s.compareTotals(t)
	s.shutdown(t)
	<-sub.Done()
	fmt.Println(s.verdict(fileVersions, kept) + ", through a file, with bad ones between")
	s.report(t, kept)
	assert.Empty(t, told, "more was told than has happened")
	assert.Zero(t, sub.Dropped(), "events")
	require.Equal(t, s.started.Load(), s.ended.Load(), "operations and outcomes")
	require.Zero(t, s.double.Load()+s.mixed.Load()+s.wrong.Load(), "operations that went wrong")
	require.Empty(t, kept.lost, "breakers that lost their state")
}

// write replaces the file, so that nobody sees a part of it.
func write(t *testing.T, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+"~", data, 0o600))
	require.NoError(t, os.Rename(path+"~", path))
}

// next waits for what is told, which must be an E.
func next[E actors.Event](t *testing.T, told <-chan actors.Event) E {
	t.Helper()
	select {
	case e := <-told:
		require.IsType(t, *new(E), e, "%v", e)
		return e.(E)
	case <-time.After(stalled):
		require.FailNow(t, "a change of the file was not seen")
		return *new(E)
	}
}

// different names the targets that two versions say different things of.
func different(t *testing.T, before, after int64) []string {
	t.Helper()
	a, err := load.Load(version(*seed, before))
	require.NoError(t, err)
	b, err := load.Load(version(*seed, after))
	require.NoError(t, err)
	var names []string
	for _, c := range policies.Diff(a, b) {
		if !slices.Contains(names, c.Target) {
			names = append(names, c.Target)
		}
	}
	slices.Sort(names)
	return names
}
