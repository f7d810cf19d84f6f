package supervisor

import (
	"container/heap"
	"math"
	"slices"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// memory is what is kept of a passivated target. There may be very many, so it
// is packed: times are those since the supervisor's epoch.
type memory struct {
	id         string
	cause      error
	more       *moreMemory // nil if there is nothing of it
	next       *memory     // in its chain of the index
	at         time.Duration
	since      time.Duration
	until      time.Duration // 0 for none
	expires    time.Duration // forEver for never
	generation uint32        // 0 if it stands in more
	place      int32         // in its heap
	failures   uint8         // this and the next are many if they stand in more
	reopens    uint8
	reason     uint8 // in rememberedReasons; many if it stands in more
	state      breaker.State
	enabled    bool
	stopped    bool // the whole target was, and takes nothing until it is started
}

// moreMemory is what only few have.
type moreMemory struct {
	generation        uint64
	failures, reopens int
	reason            breaker.Reason
	window, costs     string
	wall              time.Duration // 0 for none
	probes            uint64
	successes         int
}

const forEver = time.Duration(math.MaxInt64)

// many is a number that a memory has no room for.
const many = math.MaxUint8

// rememberedReasons are those that a memory holds as a number.
var rememberedReasons = [...]breaker.Reason{
	"", breaker.ReasonConsecutiveFailures, breaker.ReasonFailureRate, breaker.ReasonSlowCallRate, breaker.ReasonFailureCost,
	breaker.ReasonRecoveryTimeout, breaker.ReasonProbeFailed, breaker.ReasonProbeLeaseExpired, breaker.ReasonProbesSucceeded,
	breaker.ReasonForcedOpen, breaker.ReasonForcedOpenExpired, breaker.ReasonForcedClosed, breaker.ReasonDisabled,
	breaker.ReasonReset, breaker.ReasonRestartIntensity, breaker.ReasonExternalWall, breaker.ReasonReconfigured,
}

func pack(id string, m *actors.BreakerMemory, stopped bool, s *policies.Breaker, epoch time.Time) *memory {
	packed := &memory{
		id: id, cause: m.Cause,
		at: m.At.Sub(epoch), since: m.Since.Sub(epoch), expires: forEver,
		generation: uint32(m.Generation), failures: uint8(m.ConsecutiveFailures), reopens: uint8(m.Reopens),
		reason: uint8(slices.Index(rememberedReasons[:], m.Reason)),
		state:  m.State, enabled: m.Enabled, stopped: stopped,
	}
	if !m.Until.IsZero() {
		packed.until = max(1, m.Until.Sub(epoch))
	}
	more := moreMemory{window: string(m.Window), costs: string(m.Costs), probes: m.Probes, successes: m.ProbeSuccesses}
	if m.Generation > math.MaxUint32 {
		packed.generation, more.generation = 0, m.Generation
	}
	if m.ConsecutiveFailures >= many {
		packed.failures, more.failures = many, m.ConsecutiveFailures
	}
	if m.Reopens >= many {
		packed.reopens, more.reopens = many, m.Reopens
	}
	if packed.reason == many {
		more.reason = m.Reason
	}
	if !m.Wall.IsZero() {
		more.wall = max(1, m.Wall.Sub(epoch))
	}
	if more != (moreMemory{}) {
		kept := more // or each would be made, if only to be thrown away
		packed.more = &kept
	}
	if at, ever := m.Expires(s); ever && !stopped {
		packed.expires = at.Sub(epoch)
	}
	return packed
}

func (m *memory) unpack(epoch time.Time) *actors.BreakerMemory {
	b := &actors.BreakerMemory{Cause: m.cause, Memory: breaker.Memory{
		At: epoch.Add(m.at), State: m.state, Since: epoch.Add(m.since), Generation: uint64(m.generation), Enabled: m.enabled,
		ConsecutiveFailures: int(m.failures), Reopens: int(m.reopens),
	}}
	if m.until != 0 {
		b.Until = epoch.Add(m.until)
	}
	if m.reason != many {
		b.Reason = rememberedReasons[m.reason]
	}
	if m.more == nil {
		return b
	}
	if m.generation == 0 {
		b.Generation = m.more.generation
	}
	if m.failures == many {
		b.ConsecutiveFailures = m.more.failures
	}
	if m.reopens == many {
		b.Reopens = m.more.reopens
	}
	if m.reason == many {
		b.Reason = m.more.reason
	}
	b.ProbeSuccesses, b.Probes = m.more.successes, m.more.probes
	if m.more.wall != 0 {
		b.Wall = epoch.Add(m.more.wall)
	}
	if m.more.costs != "" {
		b.Costs = []byte(m.more.costs)
	}
	if m.more.window != "" {
		b.Window = []byte(m.more.window)
	}
	return b
}

// refuses says whether it is one of those that are dropped last: the target
// would let calls through that it now does not.
func (m *memory) refuses() bool {
	return m.stopped || m.state == breaker.Open || m.state == breaker.HalfOpen || m.state == breaker.ForcedOpen
}

// byExpiry orders memories by the time from which they mean nothing.
type byExpiry []*memory

var _ heap.Interface = (*byExpiry)(nil)

func (b byExpiry) Len() int           { return len(b) }
func (b byExpiry) Less(i, j int) bool { return b[i].expires < b[j].expires }
func (b byExpiry) Swap(i, j int) {
	b[i], b[j] = b[j], b[i]
	b[i].place, b[j].place = int32(i), int32(j)
}

func (b *byExpiry) Push(x any) {
	m := x.(*memory)
	m.place = int32(len(*b))
	*b = append(*b, m)
}

func (b *byExpiry) Pop() any {
	old := *b
	n := len(old) - 1
	m := old[n]
	old[n] = nil
	*b = old[:n]
	return m
}

// memories are what is kept of the passivated targets of one keyspace.
type memories struct {
	byID             memoryIndex
	others, refusing byExpiry
}

func (m *memories) heapOf(x *memory) *byExpiry {
	if x.refuses() {
		return &m.refusing
	}
	return &m.others
}

func (m *memories) add(x *memory) {
	m.byID.add(x)
	heap.Push(m.heapOf(x), x)
}

func (m *memories) drop(x *memory) {
	m.byID.remove(x)
	heap.Remove(m.heapOf(x), int(x.place))
	if m.byID.n == 0 {
		*m = memories{} // an index keeps the room it once needed, and so do heaps
	}
}

// expire drops up to most memories that mean nothing any more.
func (m *memories) expire(now time.Duration, most int) {
	for _, h := range []*byExpiry{&m.others, &m.refusing} {
		for len(*h) > 0 && (*h)[0].expires <= now && most > 0 {
			m.drop((*h)[0])
			most--
		}
	}
}
