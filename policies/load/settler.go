package load

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// settler decides when what stands in the files has come to rest, and so
// counts. It knows no clock and no file.
type settler struct {
	watchTimes
	begun bool
	// taken is what was given out last.
	taken digest
	// pending is what stands there since then, if it is something else.
	pending digest
	since   time.Time
}

type digest [sha256.Size]byte

// loaded is what has come of loading the sources.
type loaded struct {
	set *policies.Set
	err error
}

// look takes in what stands in the files now. build makes a set of it, and is
// asked only where that matters. If something has come to rest it returns what
// is to be given out, else nil and when to look next, zero for whenever.
func (s *settler) look(now time.Time, contents []content, build func() (*policies.Set, error)) (*loaded, time.Duration) {
	d := digestOf(contents)
	if s.begun && d == s.taken {
		s.since = time.Time{}
		return nil, 0
	}
	if s.since.IsZero() || d != s.pending {
		s.pending, s.since = d, now
	}
	waited := now.Sub(s.since)
	if s.begun && waited < s.rest {
		return nil, s.rest - waited
	}
	set, err := build()
	if err != nil && waited < s.patience {
		return nil, s.patience - waited
	}
	s.begun, s.taken, s.since = true, d, time.Time{}
	return &loaded{set, err}, 0
}

// digestOf tells contents apart, those that can't be read by why.
func digestOf(contents []content) digest {
	h := sha256.New()
	for _, c := range contents {
		text := c.data
		kind := byte('d')
		if c.err != nil {
			text, kind = []byte(c.err.Error()), 'e'
		}
		h.Write(binary.LittleEndian.AppendUint64([]byte{kind}, uint64(len(text))))
		h.Write(text)
	}
	return digest(h.Sum(nil))
}
