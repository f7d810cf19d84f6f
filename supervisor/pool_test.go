package supervisor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// held is something that can have a worker.
func held() body {
	m := &message{}
	m.course = &course{}
	return m
}

// newPool makes a pool of that many idle workers, named a, b, c...
func newPool(n int) (*pool, []*worker) {
	p := &pool{workers: map[string]*worker{}, limit: n}
	var all []*worker
	for i := range n {
		w := &worker{incarnation: 1, lane: &p.first}
		p.workers[string(rune('a'+i))] = w
		p.size++
		p.first.idle = append(p.first.idle, w)
		all = append(all, w)
	}
	return p, all
}

// locked calls f as the pool's own methods call theirs.
func locked(p *pool, f func()) {
	p.lock()
	defer p.unlock()
	f()
}

func resized(p *pool, limit int) (idle []*worker) {
	locked(p, func() { idle = p.resize(limit) })
	return idle
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// If it failed, two operations would share a worker.
func TestAPoolGivesEachWorkerOnce(t *testing.T) {
	p, all := newPool(2)
	op := held()
	first, second := p.take(op), p.take(held())
	assert.ElementsMatch(t, all, []*worker{first, second})
	assert.Same(t, op, first.holds)
	assert.Nil(t, p.take(held()))
	assert.Equal(t, 2, p.busy())

	assert.Equal(t, putIdle, p.put(first, true))
	assert.EqualValues(t, 1, first.attempts)
	assert.Nil(t, first.holds, "an idle worker keeps its operation alive")
	assert.Same(t, first, p.take(held()), "the one used last is warm")
	assert.Equal(t, putIdle, p.put(first, false))
	assert.EqualValues(t, 1, first.attempts, "nothing ran")
	assert.Equal(t, 1, p.busy())
}

// If it failed, a newcomer would overtake those that wait, or a free worker
// would stay idle while somebody waits.
func TestAPoolServesThoseThatWaitFirst(t *testing.T) {
	p, _ := newPool(2)
	busy := p.take(held())
	p.wait(1)
	assert.Nil(t, p.take(held()), "a newcomer must ask the supervisor")
	idle, full := p.takeFor(held())
	assert.NotNil(t, idle, "the supervisor may take it")
	assert.True(t, full)
	assert.Equal(t, putServes, p.put(busy, true))
	assert.Equal(t, 2, p.busy(), "it stays taken")
	assert.Equal(t, putIdle, p.putFreed(busy), "until the supervisor has it")
	assert.Equal(t, 1, p.busy())
	w, _ := p.takeFor(held())
	assert.Same(t, busy, w)
	none, full := p.takeFor(held())
	assert.Nil(t, none)
	assert.True(t, full)
	p.limit = 3
	_, full = p.takeFor(held())
	assert.False(t, full)
}

// If it failed, the numbers that operators see would not add up, or a breaker
// would take a success for one of its present generation.
func TestAPoolCountsSuccesses(t *testing.T) {
	p, _ := newPool(1)
	for _, c := range []struct {
		concluded  bool
		untold     uint64
		soon, asks bool
	}{{true, 0, true, false}, {true, 1, false, false}, {false, 1, true, true}, {false, 0, true, false}, {true, 2, true, false}, {true, 2, true, false}} {
		r, asks := p.putSuccess(p.take(held()), c.concluded, c.untold, c.soon)
		assert.Equal(t, putIdle, r)
		assert.Equal(t, c.asks, asks, "%+v", c)
	}
	assert.EqualValues(t, 4, p.counted(), "those whose caller got them")
	assert.Equal(t, []WorkerSnapshot{{PID: "a", Incarnation: 1, Attempts: 6}}, p.snapshot())

	n, earlier := p.takeUntold(2)
	assert.EqualValues(t, 2, n)
	assert.EqualValues(t, 2, earlier)
	_, asks := p.putSuccess(p.take(held()), true, 2, true)
	assert.True(t, asks, "the others were taken")
	n, earlier = p.takeUntold(3)
	assert.Zero(t, n, "the breaker has moved")
	assert.EqualValues(t, 1, earlier)
}

// If it failed, Shutdown would end before the last attempt, or never.
func TestAClosedPoolIsDrainedWithItsLastAttempt(t *testing.T) {
	p, all := newPool(3)
	first, second := p.take(held()), p.take(held())
	idle, drained := p.close()
	assert.Equal(t, all[:1], idle)
	assert.Zero(t, p.size)
	assert.Nil(t, p.take(held()))
	assert.Equal(t, putRetire, p.put(first, true))
	assert.False(t, isClosed(drained))
	again, same := p.close()
	assert.Empty(t, again)
	assert.Equal(t, drained, same)
	p.wait(1)
	assert.Equal(t, putRetire, p.put(second, true), "nobody is served any more")
	assert.True(t, isClosed(drained))
	assert.Zero(t, p.size)

	_, at := p.close()
	assert.True(t, isClosed(at), "nothing runs")
}

// If it failed, a target that was started again would take nothing, or be
// drained before its end.
func TestAPoolThatOpensAgain(t *testing.T) {
	p, _ := newPool(1)
	w := p.take(held())
	_, drained := p.close()
	p.open()
	assert.Equal(t, putRetire, p.put(w, true), "a worker of before")
	assert.False(t, isClosed(drained), "it is open")
	_, drained = p.close()
	assert.True(t, isClosed(drained))
}

// If it failed, a renewed target would go on with the workers it should lose.
func TestARetiredWorkerIsNotUsedAgain(t *testing.T) {
	p, all := newPool(2)
	busy := p.take(held())
	assert.Equal(t, all[:1], p.retire())
	assert.Zero(t, p.size, "there is room for others")
	assert.Equal(t, putRetire, p.put(busy, true))
	assert.Zero(t, p.size)
	assert.Zero(t, p.busy())
	assert.False(t, p.remove("a"), "it was sent away")
	assert.False(t, p.remove("b"))
	assert.Empty(t, p.workers)
}

// If it failed, a worker that somebody killed would be handed out, or its
// place would never be filled.
func TestARemovedWorkerLeavesItsPlace(t *testing.T) {
	p, all := newPool(2)
	assert.True(t, p.remove("a"), "nobody sent it away")
	assert.False(t, p.remove("a"), "once")
	assert.False(t, p.remove("unknown"))
	assert.Equal(t, 1, p.size)
	assert.Equal(t, all[1:], p.first.idle)

	busy := p.take(held())
	assert.True(t, p.remove("b"))
	assert.Zero(t, p.size)
	assert.Equal(t, 1, p.busy(), "its attempt still runs")
	assert.Equal(t, putRetire, p.put(busy, true))
	assert.Zero(t, p.busy())
	assert.Zero(t, p.size)
}

// If it failed, an operation that finds its worker dead would block Shutdown.
func TestADiscardedWorkerIsNotBusy(t *testing.T) {
	p, _ := newPool(1)
	w := p.take(held())
	_, drained := p.close()
	p.discard(w)
	assert.Nil(t, w.holds)
	assert.True(t, isClosed(drained))
}

// If it failed, a worker lent beyond the limit would raise the limit.
func TestAnExtraWorkerGoesWhenItsOperationEnds(t *testing.T) {
	p, _ := newPool(1)
	extra := &worker{extra: true}
	p.workers["extra"] = extra
	p.assign(extra, held())
	p.wait(1)
	assert.Equal(t, putRetire, p.put(extra, true), "even if others wait")
	assert.Equal(t, 1, p.size)
	assert.False(t, p.remove("extra"))
	assert.Equal(t, 1, p.size)
}

// If it failed, a smaller pool in a reload would be obeyed late or never.
func TestASmallerPoolLetsItsWorkersGo(t *testing.T) {
	p, all := newPool(4)
	busy := []*worker{p.take(held()), p.take(held())}
	assert.Equal(t, all[:2], resized(p, 1), "the idle ones now")
	assert.Equal(t, 2, p.size)
	assert.Equal(t, putRetire, p.put(busy[0], true), "a busy one when it is put back")
	assert.Equal(t, putIdle, p.put(busy[1], true))
	assert.Equal(t, 1, p.size)
	assert.Empty(t, resized(p, 5))
	assert.Equal(t, 1, p.size)
}

// If it failed, an operation would be given to a worker that is still busy
// closing what it held.
func TestARenewingWorkerIsKeptOutOfUse(t *testing.T) {
	s := one(t)
	_, err := Do(bg, s, "x", succeed)
	require.NoError(t, err)
	p := &s.Target("x").pool

	w := p.take(held())
	p.renews(w)
	assert.Nil(t, p.take(held()))
	ops, closing := p.running()
	assert.Empty(t, ops)
	assert.Equal(t, []string{w.ref.ID()}, closing)
	assert.Equal(t, 2, p.renewed(w))
	assert.True(t, p.isRenewed(w))
	assert.False(t, p.isRenewed(w), "once")
	assert.Equal(t, putIdle, p.put(w, true))

	w = p.take(held())
	p.renews(w)
	assert.True(t, p.remove(w.ref.ID()), "it was stopped while it renewed itself")
	assert.Zero(t, p.busy())
	assert.False(t, p.isRenewed(w))

	p.workers = map[string]*worker{}
	p.first.busy++
	p.renews(w) // it was stopped before
	assert.Zero(t, p.busy())
	assert.False(t, p.isRenewed(w))
	w.ref.Stop()
}
