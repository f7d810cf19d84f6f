package model_test

import (
	"sort"
	"time"

	"github.com/holdfast-go/holdfast/policies/breaker"
)

// outage is one time that the target was down: from the trip to half way between
// the last probe that failed and the first that succeeded. R11
type outage struct {
	began, failed time.Time
	length        time.Duration
}

// outages is the past ones that count, the latest last, and the present one, nil
// if there is none or nobody knows when it began. They are of the times when
// adaptive_recovery was on without a break.
func (r *reference) outages() (past []outage, present *outage) {
	on := false
	thought := false // the last of past was thought to be over, and may not be
	for i := range r.history {
		e := &r.history[i]
		switch {
		case e.kind == restored, e.kind == made, e.kind == configured:
			on = e.settings.AdaptiveRecovery
			if !on || e.kind == restored {
				past, present, thought = nil, nil, false
			}
		case e.kind == rampOver:
			present, thought = nil, false
		case e.kind != changed:
		case e.byFailure() && on:
			if thought {
				past = past[:len(past)-1]
				thought = false
			}
			if present == nil {
				present = &outage{began: e.at}
			}
			present.failed = e.at
		case e.change.Reason == breaker.ReasonProbesSucceeded:
			if present == nil {
				continue
			}
			probed := r.beganBefore(i)
			length := present.failed.Sub(present.began) + probed.Sub(present.failed)/2
			past = append(past, outage{length: max(0, length)})
			past = past[max(0, len(past)-16):]
			if thought = e.ramps; !thought {
				present = nil
			}
		case e.change.Reason == breaker.ReasonRecoveryTimeout: // the outage goes on
		default:
			if e.change.Reason != breaker.ReasonForcedOpenExpired {
				present, thought = nil, false
			}
		}
	}
	return past, present
}

// beganBefore is when the generation began that the i-th event ended.
func (r *reference) beganBefore(i int) time.Time {
	for i--; i > 0; i-- {
		if r.history[i].kind == changed {
			return r.history[i].at
		}
	}
	return r.history[0].at
}

func lengths(past []outage) []time.Duration {
	out := make([]time.Duration, len(past))
	for i, o := range past {
		out[i] = o.length
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// openTime is how long an open time lasts that begins now: with the transition
// noted already, or the last open one would not be counted. R10, R11
func (r *reference) openTime(now time.Time, rnd float64) time.Duration {
	s := r.settings()
	usual := float64(s.RecoveryTimeout)
	top := max(usual, float64(s.MaxRecoveryTimeout)/(1+s.RecoveryJitter))
	for range r.reopens() {
		usual = min(top, usual*s.RecoveryMultiplier)
	}
	usual = min(float64(s.MaxRecoveryTimeout), usual*(1+s.RecoveryJitter*rnd))
	past, present := r.outages()
	if len(past) < 3 || present == nil {
		return time.Duration(usual)
	}
	var left []time.Duration
	for _, length := range lengths(past) {
		if rest := length - now.Sub(present.began); rest > 0 {
			left = append(left, rest)
		}
	}
	if len(left) == 0 {
		return time.Duration(usual)
	}
	quarter := left[(len(left)-1)/4]
	return min(time.Duration(usual), max(s.RecoveryTimeout/10, quarter))
}

// typical is the median of the past outages.
func (r *reference) typical() (int, time.Duration) {
	past, _ := r.outages()
	if len(past) == 0 {
		return 0, 0
	}
	return len(past), lengths(past)[(len(past)-1)/2]
}
