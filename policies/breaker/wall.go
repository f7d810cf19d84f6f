package breaker

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// wall opens the machine until the external wall ends, or MaxWall from now if
// that is sooner. There is no jitter: nobody may probe before the end, and it is
// the target's own. A known end says nothing of the target's recovery, so the
// growth of the open time stays as it is; where the end is not known, or has
// passed, this is an ordinary open time that grows.
func (m *Machine) wall(now time.Time, rnd float64, until time.Time) Transition {
	if !until.After(now) {
		return m.open(now, rnd, ReasonExternalWall)
	}
	end := until
	if most := now.Add(m.settings.MaxWall); end.After(most) {
		end = most
	}
	m.outages.settled() // how long it would have lasted nobody knows
	t := m.move(now, Open, ReasonExternalWall, end)
	t.Wall = until
	return t
}

// walled returns the reason to open if the attempt met a wall, "" if not.
func walled(a *Attempt) Reason {
	if a.Outcome == policies.Walled {
		return ReasonExternalWall
	}
	return ""
}
