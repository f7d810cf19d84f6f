// Package worth estimates how likely another attempt is to succeed, so that one
// that would be wasted need not be made.
//
// The model can be read at a glance: a table of how often attempts succeeded,
// by their number and by how the target has been doing. Nothing else goes into
// it. Old evidence fades, so that after a while without any the model says what
// it says in the beginning: try.
//
// It is pure: it knows no clock, no randomness, no goroutine and no mutex.
package worth

import (
	"fmt"
	"math"
	"time"
)

// Health is how the target has been doing lately, by the share of its attempts
// that succeeded.
type Health uint8

// The degrees of health.
const (
	Well  Health = iota // at least 80 % succeeded, or little is known
	Mixed               // something between
	Ill                 // less than 20 %
	degrees
)

// String returns "well", "mixed" or "ill".
func (h Health) String() string {
	return [...]string{"well", "mixed", "ill", "unknown"}[min(h, degrees)]
}

const (
	// lastRow is the attempt from which on all share a row of the table.
	lastRow = 8
	// memory is the half-life of what is known of attempts, lately that of
	// what is known of the target's health.
	memory = 2 * time.Minute
	lately = 5 * time.Second
	// little is how many recent attempts say nothing about health.
	little = 4
	// doubt is how many standard deviations the benefit of the doubt is:
	// Wilson's upper bound at 95 %, one-sided.
	doubt = 1.6449
	// every is which one of the attempts that seem wasted is made all the
	// same, to find out whether that is still so.
	every = 16
)

// tally counts outcomes that fade with time.
type tally struct {
	tried, succeeded float64
	at               time.Time
}

func (t *tally) fade(now time.Time, halfLife time.Duration) {
	if passed := now.Sub(t.at); passed > 0 && t.tried > 0 {
		left := math.Exp2(-float64(passed) / float64(halfLife))
		t.tried *= left
		t.succeeded *= left
	}
	if now.After(t.at) {
		t.at = now
	}
}

func (t *tally) add(success bool) {
	t.tried++
	if success {
		t.succeeded++
	}
}

// upper is the greatest probability that what was counted leaves plausible:
// the upper bound of the Wilson score interval (E. B. Wilson, 1927).
func (t *tally) upper() float64 {
	if t.tried == 0 {
		return 1
	}
	n, p := t.tried, t.succeeded/t.tried
	z2 := doubt * doubt
	return min(1, (p+z2/(2*n)+doubt*math.Sqrt(p*(1-p)/n+z2/(4*n*n)))/(1+z2/n))
}

type cell struct {
	tally
	skipped int
}

// Model is what is known of one target. Its zero value knows nothing. It is not
// safe for concurrent use.
type Model struct {
	recent tally
	table  [degrees][lastRow + 1]cell
}

// Observe takes in how an attempt of the given number, from 1, ended.
func (m *Model) Observe(now time.Time, attempt int, success bool) {
	// Health is what it was before this attempt, as it was when that was
	// decided.
	c := m.cell(now, attempt)
	c.fade(now, memory)
	c.add(success)
	m.recent.fade(now, lately)
	m.recent.add(success)
}

// Health is how the target has been doing.
func (m *Model) Health(now time.Time) Health {
	m.recent.fade(now, lately)
	if m.recent.tried < little {
		return Well
	}
	switch share := m.recent.succeeded / m.recent.tried; {
	case share >= 0.8:
		return Well
	case share >= 0.2:
		return Mixed
	default:
		return Ill
	}
}

func (m *Model) cell(now time.Time, attempt int) *cell {
	return &m.table[m.Health(now)][min(max(attempt, 1), lastRow)]
}

// Estimate is what the model says of an attempt to come.
type Estimate struct {
	// Attempt is its number.
	Attempt int
	// Health is how the target has been doing.
	Health Health
	// Chance is the share of such attempts that succeeded, 1 if none is known.
	Chance float64
	// AtBest is the greatest chance that what is known leaves plausible.
	AtBest float64
	// Known is how many such attempts that rests on, older ones counting less.
	Known float64
}

// String is one line, such as
// "attempt 3 of a target that is ill succeeds 2 % of the time, at best 9 % (38 known)".
func (e Estimate) String() string {
	return fmt.Sprintf("attempt %d of a target that is %s succeeds %.0f %% of the time, at best %.0f %% (%.0f known)",
		e.Attempt, e.Health, 100*e.Chance, 100*e.AtBest, e.Known)
}

// Estimate says how likely an attempt is to succeed now.
func (m *Model) Estimate(now time.Time, attempt int) Estimate {
	health := m.Health(now)
	c := m.cell(now, attempt)
	c.fade(now, memory)
	e := Estimate{Attempt: attempt, Health: health, Chance: 1, AtBest: c.upper(), Known: c.tried}
	if c.tried > 0 {
		e.Chance = c.succeeded / c.tried
	}
	return e
}

// Worth says whether an attempt is to be made: its chance may be at least
// least, by what is known. Of those that are not, every 16th of a kind is made
// all the same, to find out whether that is still so.
func (m *Model) Worth(now time.Time, attempt int, least float64) (Estimate, bool) {
	e := m.Estimate(now, attempt)
	c := m.cell(now, attempt)
	if e.AtBest >= least {
		c.skipped = 0
		return e, true
	}
	c.skipped++
	return e, c.skipped%every == 0
}
