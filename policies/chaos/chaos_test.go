package chaos

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// If it failed, an injected fault would be retried or counted otherwise than
// the real one whose name it has.
func TestEachFaultIsTheConditionOfItsName(t *testing.T) {
	for _, fault := range policies.Faults() {
		v := classify.Classify(fmt.Errorf("injected: %w", Error(fault)), nil, time.Time{}, classify.Rules{})
		assert.Equal(t, string(fault), v.Condition)
		_, known := classify.Lookup(string(fault))
		assert.True(t, known, "no list could name %s", fault)
	}
	assert.ErrorContains(t, Error("net.gremlins"), `"net.gremlins"`)
}

func TestDecide(t *testing.T) {
	all := policies.Chaos{Enabled: true, FailureRate: .5, Failure: policies.FaultUnavailable, LatencyRate: .2, Latency: time.Second, PanicRate: .1}
	off, certain, never := all, all, all
	off.Enabled = false
	certain.FailureRate, certain.LatencyRate, certain.PanicRate = 1, 1, 0
	never.FailureRate, never.LatencyRate, never.PanicRate = 0, 0, 0
	for name, tc := range map[string]struct {
		c    policies.Chaos
		d    Draw
		want Injection
	}{
		"nothing":                  {all, Draw{.2, .1, .5}, Injection{}},
		"latency":                  {all, Draw{.19, .1, .5}, Injection{Latency: time.Second}},
		"failure":                  {all, Draw{.2, .1, .49}, Injection{Failure: policies.FaultUnavailable}},
		"panic":                    {all, Draw{.2, .09, .5}, Injection{Panic: true}},
		"panic over failure":       {all, Draw{.2, .09, .49}, Injection{Panic: true}},
		"late failure":             {all, Draw{0, .1, 0}, Injection{Latency: time.Second, Failure: policies.FaultUnavailable}},
		"late panic":               {all, Draw{0, 0, 0}, Injection{Latency: time.Second, Panic: true}},
		"off":                      {off, Draw{}, Injection{}},
		"a rate of 1 is always":    {certain, Draw{.999999, 0, .999999}, Injection{Latency: time.Second, Failure: policies.FaultUnavailable}},
		"a rate of 0 is never":     {never, Draw{}, Injection{}},
		"the defaults do nothing":  {policies.Default(policies.API).Chaos, Draw{}, Injection{}},
		"nor if they are enabled":  {enabled(policies.Default(policies.API).Chaos), Draw{}, Injection{}},
		"no latency without rates": {enabled(policies.Chaos{Latency: time.Hour}), Draw{}, Injection{}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, Decide(&tc.c, tc.d)) })
	}
}

func enabled(c policies.Chaos) policies.Chaos {
	c.Enabled = true
	return c
}

// If it failed, a rate would not be the share of attempts it says.
func TestRatesAreShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := func(name string) float64 { return rapid.Float64Range(0, 1).Draw(t, name) }
		c := enabled(policies.Chaos{FailureRate: share("failure"), Failure: policies.FaultReset, LatencyRate: share("latency"), Latency: 1, PanicRate: share("panic")})
		const n = 40
		var late, panics, fails float64
		for a := range n {
			for b := range n {
				i := Decide(&c, Draw{Latency: float64(a) / n, Panic: float64(a) / n, Failure: float64(b) / n})
				if i.Latency > 0 {
					late++
				}
				if i.Panic {
					panics++
				}
				if i.Failure != "" {
					fails++
				}
			}
		}
		assert.InDelta(t, c.LatencyRate, late/n/n, 1./n)
		assert.InDelta(t, c.PanicRate, panics/n/n, 1./n)
		assert.InDelta(t, c.FailureRate*(1-c.PanicRate), fails/n/n, 2./n)
	})
}
