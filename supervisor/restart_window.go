package supervisor

import (
	"slices"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// restartWindow holds the times of the latest restarts, oldest first. It holds
// no more than the policy allows, and one.
type restartWindow struct {
	times []time.Time
}

// exceeds notes a restart now and says whether it is one too many.
func (w *restartWindow) exceeds(now time.Time, r policies.Restart) bool {
	old := 0
	for old < len(w.times) && (now.Sub(w.times[old]) > r.Within || len(w.times)-old > r.MaxRestarts) {
		old++
	}
	w.times = append(slices.Delete(w.times, 0, old), now)
	return len(w.times) > r.MaxRestarts
}

func (w *restartWindow) clear() { w.times = w.times[:0] }
