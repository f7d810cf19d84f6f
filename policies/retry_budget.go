package policies

import "time"

// RetryBudget bounds the retries of a target by its calls: one is allowed while
// with it those of the last Window are no more than Ratio times the calls of the
// last Window, plus MinPerSecond times Window. A call is an operation whose
// first attempt has begun. See package budget.
//
// It is Finagle's (com.twitter.finagle.service.RetryBudget: 20 %, 10 a second,
// 10 s), over time and so not as Envoy's retry_budget (20 % of the requests in
// flight, at least 3), which starves a target with few calls.
type RetryBudget struct {
	// Enabled true holds the target's retries to the budget, hedges included.
	// Default false.
	Enabled bool `koanf:"enabled" example:"true"`
	// Ratio is how many retries each call in the window allows. With 0.2 they
	// add a fifth to the calls, beside what MinPerSecond allows, even when
	// every call fails.
	// Default 0.2, from 0 to 10.
	Ratio float64 `koanf:"ratio" range:"[0,10]" example:"0.1"`
	// MinPerSecond is how many retries a second are allowed whatever the
	// calls are, so that a target with few calls retries as well: with the
	// default, 10 in a window. Default 1, from 0 to 1,000,000.
	MinPerSecond float64 `koanf:"min_per_second" range:"[0,1000000]" example:"0.5"`
	// Window is how long a call and a retry count. Default 10 s, over 0, at
	// most 24 h.
	Window time.Duration `koanf:"window" range:"(0,24h]" example:"60"`
	// Shared names a budget that all targets which give the same name, and
	// have Enabled true, draw from together, such as the models of one provider.
	// They must agree on Ratio, MinPerSecond and Window; in a file one of
	// them may say it for all. Default none: a budget of the target's own.
	Shared string `koanf:"shared" example:"\"model provider\""`
}
