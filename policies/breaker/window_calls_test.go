package breaker

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// naiveCalls is the window as one would write it without care for speed.
func naiveCalls(all []tally, size int) (t tally) {
	for _, c := range all[max(0, len(all)-size):] {
		t.add(c)
	}
	return t
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestCallWindowEqualsTheNaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 20).Draw(t, "size")
		w := newCallWindow(size)
		var all []tally
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { assert.Equal(t, naiveCalls(all, size), w.sum) },
			"add": func(t *rapid.T) {
				failed, slow := rapid.Bool().Draw(t, "failed"), rapid.Bool().Draw(t, "slow")
				w.add(failed, slow)
				all = append(all, tally{1, flag(failed), flag(slow)})
			},
			"clear": func(*rapid.T) {
				w.clear()
				all = nil
			},
			"resize": func(t *rapid.T) {
				all = all[max(0, len(all)-size):]
				size = rapid.IntRange(1, 20).Draw(t, "size")
				old := w
				w = newCallWindow(size)
				w.takeOver(old)
			},
		})
	})
}
