package reload_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// The targets. Those of the first group do the work.
const (
	stamped  = "stamped"  // max_attempts is another in each of 900 versions
	counted  = "counted"  // so is the wait, and its sum stands in the error
	stateful = "stateful" // workers that hold state
	swinging = "swinging" // its breaker is opened and closed all the time, its operations are parked
	constant = "constant" // no version changes it

	forced   = "forced"   // its breaker is forced open
	tripped  = "tripped"  // its breaker has tripped
	failing  = "failing"  // its breaker has counted failures, fewer than trip it
	disabled = "disabled" // its breaker is disabled by hand
)

var targetNames = []string{stamped, counted, stateful, swinging, constant, forced, tripped, failing, disabled}

// rules are what one version says of one target, as far as an operation can
// tell.
type rules struct {
	enabled  bool
	attempts int
	wait     time.Duration
	repeats  bool // what may have taken effect is repeated
	parks    bool
	// flipped has a bit for each fault of which the lists say the contrary of
	// the built-in table on another attempt, recounted on what the breaker
	// counts.
	flipped, recounted uint64
	// threshold is the breaker's, where it has one.
	threshold int
}

// rulesOf draws what version n says of a target. Version 0 is the one that the
// supervisor starts with.
func rulesOf(seed uint64, n int64, target string) rules {
	if target == constant {
		n = 0
	}
	salt := int64(0)
	for i, name := range targetNames {
		if name == target {
			salt = int64(i)
		}
	}
	bits := mix(seed, n, -1-salt)
	r := rules{
		enabled:   bits%16 != 0,
		attempts:  1 + int(bits>>4%4),
		repeats:   bits>>6%2 == 0,
		parks:     bits>>7%2 == 0,
		flipped:   bits >> 8 & (1<<named - 1),
		recounted: bits >> 24 & (1<<named - 1),
	}
	switch target {
	case stamped:
		r.enabled, r.attempts = true, 100+int(n%900)
	case counted:
		r.wait = time.Duration(n + 1)
	case swinging:
		r.parks = true
	case failing, tripped:
		r.threshold = failures + 1 + int(bits>>40%32)
	}
	return r
}

// config is the document that says all that.
func config(seed uint64, n int64) []byte {
	targets := map[string]any{}
	for _, name := range targetNames {
		targets[name] = block(seed, n, name)
	}
	data, err := json.MarshalIndent(map[string]any{"targets": targets}, "", "  ")
	if err != nil {
		panic(err)
	}
	return data
}

func block(seed uint64, n int64, target string) map[string]any {
	r := rulesOf(seed, n, target)
	if target == constant {
		n = 0
	}
	bits := mix(seed, n, -100)
	retry := map[string]any{
		"enabled": r.enabled, "max_attempts": r.attempts, "jitter": "none",
		"min_wait": r.wait.String(), "max_wait": r.wait.String(),
		"idempotent": "no", "when_open": "fail",
	}
	if r.repeats {
		retry["idempotent"] = "yes"
	}
	if r.parks {
		retry["when_open"] = "park"
	}
	breaker := map[string]any{
		"failure_threshold":    "never",
		"recovery_timeout":     fmt.Sprintf("%dm", 60+bits%60),
		"max_recovery_timeout": "5h",
		"success_threshold":    1 + bits>>8%5,
		"half_open_max_calls":  1 + bits>>12%5,
	}
	if bits>>16%4 == 0 { // a breaker that wants to know of every success
		breaker["slow_call_rate"], breaker["slow_call_duration"] = 1, "1h"
	}
	if r.threshold > 0 {
		breaker["failure_threshold"] = r.threshold
		breaker["failure_rate"], breaker["minimum_calls"], breaker["window_calls"] = 0.9, 100, 100+bits>>24%100
	}
	lists := map[string][]string{}
	for f := range named {
		retried, ignored := "retry_on", "trip_on"
		if faults[f].retryable {
			retried, ignored = "never_retry", "ignore"
		}
		if r.flipped>>f%2 == 1 {
			lists[retried] = append(lists[retried], faults[f].name)
		}
		if r.recounted>>f%2 == 1 {
			lists[ignored] = append(lists[ignored], faults[f].name)
		}
	}
	for key, names := range lists {
		if key == "retry_on" || key == "never_retry" {
			retry[key] = names
		} else {
			breaker[key] = names
		}
	}
	return map[string]any{
		"type":            policies.API,
		"retry_policy":    retry,
		"retry_budget":    budget(seed, n, target),
		"circuit_breaker": breaker,
		"pool":            map[string]any{"workers": 4 + bits>>32%16},
	}
}

// budget is one that is never exhausted, so that it changes nothing of what an
// operation can tell: on and off, the target's own or one of two that are
// shared, of another size in each version.
func budget(seed uint64, n int64, target string) map[string]any {
	bits := mix(seed, n, -200)
	b := map[string]any{
		"enabled": bits%4 != 0, "ratio": 10, "min_per_second": 1_000_000 - bits>>8%1000, "window": fmt.Sprintf("%dms", 1000+bits>>20%60_000),
	}
	if target != constant {
		b["shared"] = []string{"", "left", "right"}[mix(seed, n, -201)>>(4*len(target)%32)%3]
	}
	return b
}

// version is a source that says what version n does.
func version(seed uint64, n int64) load.Source {
	return load.Bytes(fmt.Sprintf("version %d", n), load.JSON, config(seed, n))
}
