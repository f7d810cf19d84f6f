package breaker

import "time"

// Permit is the breaker's leave for one attempt. It must be settled exactly
// once, however the attempt ends. It is a plain value: in a generation whose
// state is Closed, ForcedClosed or Disabled every permit is
// Permit{Generation: g}, and an owner that has published g may let callers
// make their own.
type Permit struct {
	// Generation is the one the attempt was admitted in.
	Generation uint64
	// Probe is 0 for an attempt that is not a probe, else the probe's id,
	// which no other probe of this machine has.
	Probe uint64
	// Lease is when the probe counts as failed unless it has settled. Zero
	// unless the permit is a probe's.
	Lease time.Time
}

// IsProbe tells whether the permit holds one of the half-open slots.
func (p Permit) IsProbe() bool { return p.Probe != 0 }
