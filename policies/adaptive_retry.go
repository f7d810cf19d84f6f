package policies

// AdaptiveRetry skips the retries that would hardly succeed, by what became of
// the target's recent attempts. See package worth for the model, and
// docs/adaptive-retry.md for what it saves and costs.
type AdaptiveRetry struct {
	// Enabled true asks the model before each retry. Default false.
	Enabled bool `koanf:"enabled" example:"true"`
	// MinSuccess is the least chance of success for which a retry is made: at
	// 0.1 one is worth what ten attempts cost. A retry of which little is
	// known has the benefit of the doubt. Default 0.1, from 0 to 1.
	MinSuccess float64 `koanf:"min_success" range:"[0,1]" example:"0.2"`
}
