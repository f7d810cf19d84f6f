package breaker

// Permit is the breaker's leave for one attempt. It must be settled exactly
// once, however the attempt ends. It is a plain value: in a generation whose
// state is Closed, ForcedClosed or Disabled every permit is
// Permit{Generation: g} unless [Machine.Ramping], and an owner that has
// published g may let callers make their own. It has three words, so that it
// stays in registers; what else there is to know of a probe, the machine knows.
type Permit struct {
	// Generation is the one the attempt was admitted in.
	Generation uint64
	// Probe is 0 for an attempt that is not a probe, else the probe's id,
	// which no other probe of this machine has.
	Probe uint64
	// Ramp is true for an attempt that was admitted during a ramp and counts
	// against its limit until it settles.
	Ramp bool
}

// Holds tells whether the permit keeps others out until it is settled, as
// those of probes and of a ramp do.
func (p Permit) Holds() bool { return p.Probe != 0 || p.Ramp }

// IsProbe tells whether the permit holds one of the half-open slots.
func (p Permit) IsProbe() bool { return p.Probe != 0 }
