package load

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
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

// digestOf tells contents apart, those that can't be read by why. Why a provider
// doesn't answer counts for nothing: it may have a port or the time in it, and
// so never come to rest.
func digestOf(contents []content) digest {
	h := sha256.New()
	for _, c := range contents {
		text := c.data
		kind := byte('d')
		switch {
		case c.err != nil && c.provided:
			text, kind = nil, 'p'
		case c.err != nil:
			text, kind = []byte(c.err.Error()), 'e'
		}
		h.Write(binary.LittleEndian.AppendUint64([]byte{kind}, uint64(len(text))))
		h.Write(text)
		if c.values != nil {
			writeValue(h, reflect.ValueOf(c.values), 0)
		}
	}
	return digest(h.Sum(nil))
}

// maxValueDepth bounds how far writeValue goes into values, which may contain
// themselves. Ours are less deep.
const maxValueDepth = 16

// writeValue writes a value so that two that say the same are written the same:
// by what pointers point at, and maps in the order of their keys.
func writeValue(w io.Writer, v reflect.Value, depth int) {
	if depth > maxValueDepth {
		return
	}
	switch v.Kind() {
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		fmt.Fprintf(w, "{%d", len(keys))
		for _, key := range keys {
			fmt.Fprintf(w, "%q", fmt.Sprint(key))
			writeValue(w, v.MapIndex(key), depth+1)
		}
	case reflect.Slice, reflect.Array:
		fmt.Fprintf(w, "[%d", v.Len())
		for i := range v.Len() {
			writeValue(w, v.Index(i), depth+1)
		}
	case reflect.Pointer, reflect.Interface:
		writeValue(w, v.Elem(), depth+1)
	case reflect.String:
		fmt.Fprintf(w, "%q", v.String())
	case reflect.Invalid, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		fmt.Fprint(w, v.Kind())
	default:
		fmt.Fprintf(w, "%s %v", v.Type(), v)
	}
}
