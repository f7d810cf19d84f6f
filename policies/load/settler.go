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

// look takes in what stands in the files now. build makes a set of it, and is
// asked only where that matters. settled says that the set, or what is wrong,
// is to be given out; again is when to look next, zero if nothing is pending.
func (s *settler) look(now time.Time, contents []content, build func() (*policies.Set, error)) (
	set *policies.Set, err error, settled bool, again time.Duration,
) {
	d := digestOf(contents)
	if s.begun && d == s.taken {
		s.since = time.Time{}
		return nil, nil, false, 0
	}
	if s.since.IsZero() || d != s.pending {
		s.pending, s.since = d, now
	}
	waited := now.Sub(s.since)
	if s.begun && waited < s.rest {
		return nil, nil, false, s.rest - waited
	}
	if set, err = build(); err != nil && waited < s.patience {
		return nil, nil, false, s.patience - waited
	}
	s.begun, s.taken, s.since = true, d, time.Time{}
	return set, err, true, 0
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
