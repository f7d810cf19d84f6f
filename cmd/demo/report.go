package main

import (
	"encoding/json"
	"io"
	"time"
)

// report is what -json writes.
type report struct {
	Unprotected figures      `json:"unprotected"`
	Protected   figures      `json:"protected"`
	Transitions []transition `json:"transitions"`
	// Reloads is left out without -config, when no file is followed.
	Reloads *reloads `json:"reloads,omitempty"`
}

// reloads says how often the files changed in the protected run, for new
// policies and for what could not be used.
type reloads struct {
	Applied  int `json:"applied"`
	Rejected int `json:"rejected"`
}

// figures are those of one run. A run that never began has zeros.
type figures struct {
	Operations int `json:"operations"`
	Succeeded  int `json:"succeeded"`
	Failed     int `json:"failed"`
	// CallsWhileDown counts, with -target, the calls that could not connect.
	CallsWhileDown int64 `json:"calls_while_down"`
	// P50MS and P99MS are over all operations, from arrival to answer or
	// error, in milliseconds.
	P50MS float64 `json:"p50_ms"`
	P99MS float64 `json:"p99_ms"`
}

// transition is one change of state of the breaker.
type transition struct {
	Target string `json:"target"`
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason"`
	// AtMS is counted from the start of the protected run, in milliseconds.
	AtMS float64 `json:"at_ms"`
}

func figuresOf(s summary) figures {
	return figures{
		Operations: s.operations, Succeeded: s.succeeded, Failed: s.failed,
		CallsWhileDown: s.refused, P50MS: milliseconds(s.all.p50), P99MS: milliseconds(s.all.p99),
	}
}

// milliseconds keeps microseconds and no more.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

func writeReport(w io.Writer, plain, guarded summary, transitions []transition, followed *reloads) error {
	if transitions == nil {
		transitions = []transition{} // an empty list, not null
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report{
		Unprotected: figuresOf(plain), Protected: figuresOf(guarded), Transitions: transitions, Reloads: followed,
	})
}
