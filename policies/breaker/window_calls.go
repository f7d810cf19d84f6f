package breaker

// What callWindow remembers of one call.
const (
	callFailed = 1 << iota
	callSlow
)

// callWindow is the last len(ring) calls, one byte each. Adding is O(1).
type callWindow struct {
	ring []uint8
	// next is where the next call goes, over the oldest once the ring is full.
	next int
	sum  tally
}

func newCallWindow(calls int) *callWindow { return &callWindow{ring: make([]uint8, calls)} }

func (w *callWindow) add(failed, slow bool) {
	var call uint8
	if failed {
		call |= callFailed
	}
	if slow {
		call |= callSlow
	}
	w.put(call)
}

func (w *callWindow) put(call uint8) {
	if w.sum.calls == len(w.ring) {
		oldest := w.ring[w.next]
		w.sum.failures -= int(oldest & callFailed)
		w.sum.slow -= int(oldest & callSlow / callSlow)
	} else {
		w.sum.calls++
	}
	w.ring[w.next] = call
	w.sum.failures += int(call & callFailed)
	w.sum.slow += int(call & callSlow / callSlow)
	if w.next++; w.next == len(w.ring) {
		w.next = 0
	}
}

// addSuccesses is add for n calls that did not fail and were not slow.
func (w *callWindow) addSuccesses(n uint64) {
	if n < uint64(len(w.ring)) {
		for range n {
			w.put(0)
		}
		return
	}
	clear(w.ring)
	w.next, w.sum = 0, tally{calls: len(w.ring)}
}

// clear leaves the bytes alone: only sum.calls of them are ever looked at.
func (w *callWindow) clear() { w.next, w.sum = 0, tally{} }

// takeOver puts old's calls in, oldest first, so that the latest remain where
// not all of them fit.
func (w *callWindow) takeOver(old *callWindow) {
	n := len(old.ring)
	for i := old.sum.calls; i > 0; i-- {
		w.put(old.ring[(old.next-i+n)%n])
	}
}
