package policies

import "time"

// Chaos injects faults into a target's attempts, to try out what the other
// policies, and the program, make of them. It is in force only if the program
// says so as well, with supervisor.AllowChaos.
//
// The rates are drawn for each attempt by themselves: one may be both late and
// fail.
type Chaos struct {
	// Enabled switches the injection on. A program that doesn't allow chaos
	// refuses a configuration that does. Default false.
	Enabled bool `koanf:"enabled" example:"true"`
	// FailureRate is the share of attempts, of those that don't panic, that
	// fail with Failure in place of running. Default 0, from 0 to 1.
	FailureRate float64 `koanf:"failure_rate" range:"[0,1]" example:"0.2"`
	// Failure is what they fail with. Default [FaultRefused].
	Failure Fault `koanf:"failure" example:"\"http.503\""`
	// LatencyRate is the share of attempts that begin by Latency later.
	// Default 0, from 0 to 1.
	LatencyRate float64 `koanf:"latency_rate" range:"[0,1]" example:"0.1"`
	// Latency is how much later. The end of the attempt's context ends it.
	// Default 1 s, over 0, at most 10 min.
	Latency time.Duration `koanf:"latency" range:"(0,10m]" example:"2.5"`
	// PanicRate is the share of attempts that panic in place of running.
	// Default 0, from 0 to 1.
	PanicRate float64 `koanf:"panic_rate" range:"[0,1]" example:"0.01"`
}

// Fault is an error condition that chaos can inject, by the name that retry_on
// and the other lists have for it.
type Fault string

const (
	// FaultRefused is a connection that nobody accepts: nothing was sent.
	FaultRefused Fault = "net.refused"
	// FaultReset is a connection that breaks while the answer is awaited.
	FaultReset Fault = "net.reset"
	// FaultTimeout is an answer that does not come in time.
	FaultTimeout Fault = "net.timeout"
	// FaultDNS is a resolver that fails for the moment.
	FaultDNS Fault = "dns.temporary"
	// FaultEOF is an answer that breaks off.
	FaultEOF Fault = "io.unexpected_eof"
	// FaultDeadline is an attempt's own deadline that passes.
	FaultDeadline Fault = "attempt.deadline"
	// FaultTooMany is the answer 429, Too Many Requests.
	FaultTooMany Fault = "http.429"
	// FaultInternal is the answer 500, Internal Server Error.
	FaultInternal Fault = "http.500"
	// FaultUnavailable is the answer 503, Service Unavailable.
	FaultUnavailable Fault = "http.503"
	// FaultWall is a used-up quota, whose end nobody names.
	FaultWall Fault = "external.wall"
)

// Faults lists what chaos can inject.
func Faults() []Fault {
	return []Fault{
		FaultRefused, FaultReset, FaultTimeout, FaultDNS, FaultEOF, FaultDeadline,
		FaultTooMany, FaultInternal, FaultUnavailable, FaultWall,
	}
}
