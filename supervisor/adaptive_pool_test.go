package supervisor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/concurrency"
)

// bounds are those of an adaptive pool.
func bounds(least, most int) policies.Pool {
	return policies.Pool{Workers: most, Adaptive: true, MinWorkers: least, LatencyTolerance: 1.5}
}

// If it failed, a lower limit would be exceeded, or the workers beyond it would
// be stopped to be started again in a moment.
func TestAPoolKeepsWorkersBeyondItsLimit(t *testing.T) {
	p, all := newPool(8)
	assert.Empty(t, p.configure(bounds(1, 8)), "none of them is too many")
	assert.Equal(t, 4, p.limit)
	assert.Len(t, p.first.idle, 4)
	assert.Len(t, p.spare, 4)

	busy := []*worker{p.take(held()), p.take(held()), p.take(held()), p.take(held())}
	assert.Nil(t, p.take(held()), "the limit")
	w, full := p.takeFor(held())
	assert.Nil(t, w)
	assert.True(t, full)

	locked(p, func() { p.moveLimit(2) })
	p.wait(1)
	assert.Equal(t, putIdle, p.put(busy[0], true), "it serves nobody")
	assert.Equal(t, putIdle, p.put(busy[1], true))
	assert.Equal(t, putServes, p.put(busy[2], true), "two run")
	p.wait(-1)
	assert.Len(t, p.spare, 6)
	assert.Equal(t, putIdle, p.putFreed(busy[2]))

	locked(p, func() { p.moveLimit(3) })
	assert.Len(t, p.first.idle, 2)
	p.first.idle, p.size = nil, 1 // as if they had been taken and killed
	w, full = p.takeFor(held())
	assert.True(t, w != nil && !w.spare, "a spare one comes before a new one")
	assert.False(t, full)
	assert.Len(t, all, 8)
}

// If it failed, killed workers would be handed out, and the end of a target
// would leave some behind.
func TestSpareWorkersEndWithTheOthers(t *testing.T) {
	p, _ := newPool(8)
	p.configure(bounds(1, 8))
	spare := p.spare[0]
	for id, w := range p.workers {
		if w == spare {
			assert.True(t, p.remove(id), "nobody sent it away")
		}
	}
	assert.NotContains(t, p.spare, spare)
	assert.Equal(t, 4, p.size, "it did not count")

	idle, drained := p.close()
	assert.Len(t, idle, 7)
	assert.True(t, isClosed(drained))
	assert.Zero(t, p.size)
	assert.Empty(t, p.spare)
}

// If it failed, a reload would leave a target more workers than it may have.
func TestConfigureStopsWhatIsTooMuch(t *testing.T) {
	p, _ := newPool(8)
	busy := p.take(held())
	p.configure(bounds(1, 8))
	assert.Len(t, p.configure(bounds(1, 3)), 5)
	assert.Equal(t, 3, p.size)
	assert.Equal(t, putIdle, p.put(busy, true))
	p.configure(bounds(1, 2))
	assert.Len(t, p.configure(policies.Pool{Workers: 1}), 1, "fixed again")
	assert.Equal(t, 1, p.size)
	assert.Nil(t, p.adaptive)
	raised, news := p.observe(concurrency.Attempt{})
	assert.False(t, raised || news, "an attempt of before")
}

// Whatever happens, a worker is in one place, and no more run than the limit
// said when they were taken.
func TestAnAdaptivePoolAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _ := newPool(0)
		p.configure(bounds(1, 16))
		most := 16
		var busy []*worker
		ids := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1: // as obtain does
				w, full := p.takeFor(held())
				if w == nil && !full {
					ids++
					w = &worker{}
					p.workers[string(rune('a'+ids))] = w
					p.size++
					p.assign(w, held())
				}
				if w != nil {
					busy = append(busy, w)
					require.LessOrEqual(t, len(busy), p.limit)
				}
			case 2:
				if n := len(busy); n > 0 {
					i := rapid.IntRange(0, n-1).Draw(t, "which")
					p.put(busy[i], true)
					busy = append(busy[:i], busy[i+1:]...)
				}
			case 3:
				locked(p, func() { p.moveLimit(rapid.IntRange(1, most).Draw(t, "limit")) })
			case 4:
				most = rapid.IntRange(1, 16).Draw(t, "most")
				p.configure(bounds(1, most))
			}
			require.Equal(t, len(busy), p.busy())
			require.Equal(t, p.size, len(p.first.idle)+len(busy))
			require.LessOrEqual(t, len(p.first.idle), max(0, p.limit-len(busy)), "idle ones are taken without asking")
			require.LessOrEqual(t, len(p.spare), max(0, most-p.size))
			for _, w := range p.spare {
				require.True(t, w.spare && !w.retired)
			}
			for _, w := range p.first.idle {
				require.False(t, w.spare || w.retired)
			}
		}
	})
}

// If it failed, operators would hear of each step, or of none.
func TestWhatIsNewsOfALimit(t *testing.T) {
	p, _ := newPool(0)
	p.configure(bounds(1, 256))
	_, ok := p.concurrencyNews()
	assert.False(t, ok, "nobody asked")
	p.first.busy = 4
	attempt := func(at time.Duration) (bool, bool) {
		return p.observe(concurrency.Attempt{Began: at, Ended: at + 50*time.Millisecond})
	}
	at := time.Second
	for range 4 {
		raised, news := attempt(at)
		assert.False(t, raised || news)
	}
	raised, news := attempt(at)
	assert.True(t, raised && news)
	e, ok := p.concurrencyNews()
	assert.True(t, ok)
	assert.Equal(t, []int{4, 8}, []int{e.From, e.To})
	assert.Equal(t, 50*time.Millisecond, e.Latency)
	assert.Equal(t, 50*time.Millisecond, e.Base)
	_, ok = p.concurrencyNews()
	assert.False(t, ok, "a second later there is nothing more")
	assert.False(t, p.adaptive.telling, "the next is told at once")
}
