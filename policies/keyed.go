package policies

import "time"

// Keyed bounds the keyed targets that follow this policy: those that are asked
// for by the target's name together with keys, such as a model or a tenant. It
// does nothing for a target that is only used by its name.
type Keyed struct {
	// MaxKeys is the greatest number of combinations of keys that are known at
	// one time, running or remembered. One more takes the place of the one
	// used least recently that is idle. Default 10,000, at least 1, at most
	// 10,000,000.
	MaxKeys int `koanf:"max_keys" range:"[1,10000000]" example:"500"`
	// IdleTimeout is how long a keyed target is kept without an operation
	// before its workers, breaker and supervisor are stopped; at most a
	// quarter longer. What its breaker must not forget is remembered.
	// Default 10 min, over 0, at most 24 h.
	IdleTimeout time.Duration `koanf:"idle_timeout" range:"(0,24h]" example:"\"2m\""`
}
