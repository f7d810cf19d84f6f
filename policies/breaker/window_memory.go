package breaker

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// A window's memory begins with what kind of window it was.
const (
	rememberedCalls byte = 1 + iota
	rememberedTime
	rememberedCosts
)

// rememberedWindowCalls is the largest window of calls that a memory may have,
// the greatest WindowCalls there is.
const rememberedWindowCalls = 100_000

// encode writes the window down, as nothing if nothing in it can trip.
func (w window) encode(now time.Time) []byte {
	if t := w.totals(now); t.failures == 0 && t.slow == 0 {
		return nil
	}
	if w.ofTime != nil {
		return w.ofTime.encode(now)
	}
	return w.ofCalls.encode()
}

// encode writes the size, the number of calls, and the calls, oldest first, at
// four a byte.
func (w *callWindow) encode() []byte {
	n := w.sum.calls
	b := binary.AppendUvarint([]byte{rememberedCalls}, uint64(len(w.ring)))
	b = binary.AppendUvarint(b, uint64(n))
	packed := make([]byte, (n+3)/4)
	for i := range n {
		call := w.ring[(w.next-n+i+len(w.ring))%len(w.ring)]
		packed[i/4] |= call << (2 * (i % 4))
	}
	return append(b, packed...)
}

// encode writes the buckets' width and number, how long before now the current
// one began, and then each that holds a call: how many buckets it lies behind
// the current one, and its counts.
func (w *timeWindow) encode(now time.Time) []byte {
	b := w.ring.encode([]byte{rememberedTime}, now)
	for behind := w.count - 1; behind >= 0; behind-- {
		t := w.buckets[w.behind(behind)]
		if t.calls == 0 {
			continue
		}
		for _, v := range []int{behind, t.calls, t.failures, t.slow} {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	return b
}

// encode writes down what there is to know of the ring itself.
func (r *ring) encode(b []byte, now time.Time) []byte {
	b = binary.AppendUvarint(b, uint64(r.width))
	b = binary.AppendUvarint(b, uint64(r.count))
	return binary.AppendVarint(b, int64(now.Sub(r.start)))
}

// behind is the bucket so many before the current one.
func (r *ring) behind(n int) int { return (r.head - n + r.count) % r.count }

// encode writes the sums that are not nothing, each with how many buckets it
// lies behind the current one. There is nothing to write if none is.
func (w *costWindow) encode(now time.Time) []byte {
	if w.sum(now) == 0 {
		return nil
	}
	b := w.ring.encode([]byte{rememberedCosts}, now)
	for behind := w.count - 1; behind >= 0; behind-- {
		if sum := w.buckets[w.behind(behind)]; sum > 0 {
			b = binary.AppendUvarint(b, uint64(behind))
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(sum))
		}
	}
	return b
}

// reader reads numbers until one is missing or out of bounds.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number(most uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > most {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) signed() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) fixed() uint64 {
	if len(r.rest) < 8 {
		r.bad, r.rest = true, nil
		return 0
	}
	v := binary.BigEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return v
}

// decodeWindow makes the window that encode wrote down at the given time.
func decodeWindow(b []byte, at time.Time) (window, error) {
	if len(b) == 0 {
		return window{}, nil
	}
	var w window
	r := &reader{rest: b[1:]}
	switch b[0] {
	case rememberedCalls:
		w.ofCalls = decodeCalls(r)
	case rememberedTime:
		w.ofTime = decodeTime(r, at)
	default:
		r.bad = true
	}
	if r.bad {
		return window{}, fmt.Errorf("%w: its window can't be read", ErrMemory)
	}
	return w, nil
}

// decodeCosts makes the window of costs that encode wrote down.
func decodeCosts(b []byte, at time.Time) (*costWindow, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := &reader{rest: b[1:], bad: b[0] != rememberedCosts}
	of, n := decodeRing(r, at)
	w := &costWindow{ring: of, buckets: make([]float64, n)}
	for last := n; !r.bad && len(r.rest) > 0; {
		behind := int(r.number(uint64(n - 1)))
		sum := math.Float64frombits(r.fixed())
		if r.bad || behind >= last || !(sum > 0) || math.IsInf(sum, 1) {
			r.bad = true
			break
		}
		last = behind
		w.buckets[n-1-behind] = sum
	}
	if r.bad {
		return nil, fmt.Errorf("%w: its costs can't be read", ErrMemory)
	}
	return w, nil
}

// decodeRing gives a ring whose last bucket is the current one, and how many it
// has.
func decodeRing(r *reader, at time.Time) (ring, int) {
	width := time.Duration(r.number(uint64(24 * time.Hour)))
	n := int(r.number(timeBuckets))
	began := time.Duration(r.signed())
	if r.bad || n == 0 || width == 0 {
		r.bad = true
		return ring{}, 0
	}
	return ring{count: n, width: width, head: n - 1, start: at.Add(-began)}, n
}

func decodeCalls(r *reader) *callWindow {
	size := r.number(rememberedWindowCalls)
	n := r.number(size)
	if r.bad || size == 0 || uint64(len(r.rest)) != (n+3)/4 {
		r.bad = true
		return nil
	}
	w := newCallWindow(int(size))
	for i := range n {
		w.put(r.rest[i/4] >> (2 * (i % 4)) & (callFailed | callSlow))
	}
	return w
}

func decodeTime(r *reader, at time.Time) *timeWindow {
	const most = 1<<31 - 1
	of, n := decodeRing(r, at)
	if r.bad {
		return nil
	}
	w := &timeWindow{ring: of, buckets: make([]tally, n)}
	for last := n; len(r.rest) > 0; {
		behind := int(r.number(uint64(n - 1)))
		t := tally{calls: int(r.number(most)), failures: int(r.number(most)), slow: int(r.number(most))}
		if r.bad || behind >= last || t.failures > t.calls || t.slow > t.calls {
			r.bad = true
			return nil
		}
		last = behind
		w.buckets[n-1-behind] = t
		w.sum.add(t)
	}
	return w
}
