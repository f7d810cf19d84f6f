package policies

import "time"

// Hedge is the part of a [Policy] that says when a second attempt begins
// beside one that takes long. The first outcome wins, and the other attempt's
// context is cancelled (Dean and Barroso, "The Tail at Scale").
//
// Only operations that may run twice are hedged: those with an idempotency key,
// those called idempotent, and all where Idempotent is [IdempotentYes]. A hedge
// is the operation's next attempt, begun early: it counts towards max_attempts,
// and begins only if the breaker is closed, a worker free and the rate allows
// it.
type Hedge struct {
	// Delay is how long an attempt runs before another begins beside it; with
	// Quantile, the least of it. Only operations that may run twice are
	// hedged: those with a key, those the caller calls idempotent, and all
	// where idempotent is "yes". Default 0, no hedging if Quantile is 0 too;
	// at most 24 h.
	Delay time.Duration `koanf:"delay" range:"[0,24h]" example:"0.5"`
	// Quantile learns the delay: it is what this share of the recent
	// successful attempts took at most. Until 64 of them are known, only
	// Delay counts. Default 0, not learned; at most 0.999.
	Quantile float64 `koanf:"quantile" range:"[0,0.999]" example:"0.95"`
	// MaxHedges is how many attempts of an operation may be hedges.
	// Default 1, at least 1, at most 10.
	MaxHedges int `koanf:"max_hedges" range:"[1,10]" example:"2"`
}

// On says whether anything is hedged.
func (h Hedge) On() bool { return h.Delay > 0 || h.Quantile > 0 }
