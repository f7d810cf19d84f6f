package breaker

import "time"

// slotBits is the part of a probe's id that names its slot, which makes
// settling O(1) without a map. The remaining 44 bits are a sequence number
// that is never used twice.
const slotBits = 20

// probe is one slot. Slots that are out form a ring in the order of their
// leases; free ones a list through next.
type probe struct {
	id         uint64
	lease      time.Time
	prev, next uint32
}

// probes keeps account of the half-open slots. Its zero value has none.
type probes struct {
	// slots[0] is the head of the ring, so 0 also stands for "no slot".
	slots   []probe
	free    uint32
	used    uint32
	running int
	seq     uint64
}

// drop forgets every probe and gives the memory back: half-open is rare and
// up to 10,000 slots are too many to keep beside an idle breaker.
func (p *probes) drop() { *p = probes{seq: p.seq} }

// grow makes room for n probes. It never takes room away, so that the ids
// that are out stay valid.
func (p *probes) grow(n int) {
	if n+1 <= len(p.slots) {
		return
	}
	slots := make([]probe, n+1)
	copy(slots, p.slots)
	p.slots = slots
}

// begin takes a slot and returns the new probe's id. The caller has checked
// that fewer run than there is room for.
func (p *probes) begin(lease time.Time) uint64 {
	i := p.free
	if i != 0 {
		p.free = p.slots[i].next
	} else {
		p.used++
		i = p.used
	}
	p.seq++
	p.running++

	// A later probe has a later lease, save when the clock went back or
	// the lease was shortened in between: the walk is nearly always empty.
	after := p.slots[0].prev
	for after != 0 && p.slots[after].lease.After(lease) {
		after = p.slots[after].prev
	}
	before := p.slots[after].next
	id := p.seq<<slotBits | uint64(i)
	p.slots[i] = probe{id: id, lease: lease, prev: after, next: before}
	p.slots[after].next = i
	p.slots[before].prev = i
	return id
}

// end gives the probe's slot back. It is false for an id that is not out.
func (p *probes) end(id uint64) bool {
	i, out := p.slot(id)
	if !out {
		return false
	}
	s := p.slots[i]
	p.slots[s.prev].next = s.next
	p.slots[s.next].prev = s.prev
	p.slots[i] = probe{next: p.free}
	p.free = i
	p.running--
	return true
}

// lease returns when the probe's lease ends, zero for an id that is not out.
func (p *probes) lease(id uint64) time.Time {
	i, out := p.slot(id)
	if !out {
		return time.Time{}
	}
	return p.slots[i].lease
}

// slot returns the slot that the probe has, false for an id that is not out.
func (p *probes) slot(id uint64) (i uint32, out bool) {
	i = uint32(id & (1<<slotBits - 1))
	return i, i != 0 && i <= p.used && p.slots[i].id == id
}

// firstLease returns the earliest lease that is out.
func (p *probes) firstLease() (time.Time, bool) {
	if p.running == 0 {
		return time.Time{}, false
	}
	return p.slots[p.slots[0].next].lease, true
}
