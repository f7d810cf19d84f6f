package policies

// Fallback is the part of a [Policy] that says where an operation goes which
// has failed.
type Fallback struct {
	// Target is the name of the target on which an operation is tried next that
	// this one has refused or failed for good: the same function runs there,
	// and learns where it runs from its context. That target's own policy holds
	// there, its fallback included, so that several make a chain, of at most 16.
	// It must not lead back. Default none.
	Target string `koanf:"target" example:"\"model_b\""`
}

// MaxFallbacks is the greatest number of targets that an operation may fall
// back to, one after the other.
const MaxFallbacks = 16
