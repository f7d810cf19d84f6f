// Package explorer looks for schedules in which the supervisor breaks a
// promise: it draws programs of operations and faults at random, plays each in
// virtual time with what happens at one moment in a race, and judges what was
// seen by the invariants of ARCHITECTURE.md. A program that fails is made
// smaller and printed as a scenario.
//
//	go test ./tests/explorer -explorer.schedules 20000
package explorer

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/holdfast-go/holdfast/tests/scenarios"
)

// drawer draws programs.
type drawer struct {
	*rand.Rand
	names []string // targets that take functions
	state bool     // there is "w", whose workers have state
	keyed bool     // there is "k", which is asked for with keys
	ids   int
}

// Draw gives the program of a seed, always the same one.
func Draw(seed uint64) *scenarios.Program {
	for salt := uint64(0); ; salt++ {
		d := &drawer{Rand: rand.New(rand.NewPCG(seed, salt))}
		p := d.program()
		if p.Valid() == nil {
			return p
		}
	}
}

// chance is true in n of 100 cases.
func (d *drawer) chance(n int) bool { return d.IntN(100) < n }

func pick[T any](d *drawer, of ...T) T { return of[d.IntN(len(of))] }

// moments are few, so that much happens at the same one.
func (d *drawer) moment() time.Duration {
	return pick[time.Duration](d, 10, 100, 100, 200, 500, 1000, 1000, 2000, 5000) * time.Millisecond
}

func (d *drawer) program() *scenarios.Program {
	p := &scenarios.Program{}
	d.names = []string{"a", "b", "c"}[:1+d.IntN(3)]
	for i, name := range d.names {
		p.Targets = append(p.Targets, scenarios.Target{Name: name, Settings: d.settings(d.names[i+1:])})
	}
	if d.state = d.chance(25); d.state {
		p.Targets = append(p.Targets, scenarios.Target{Name: "w", Settings: d.settings(nil), Factory: d.factory()})
	}
	if d.keyed = d.chance(25); d.keyed {
		p.Targets = append(p.Targets, scenarios.Target{Name: "k", Settings: append(d.settings(nil),
			setting("keyed.max_keys", pick(d, "1", "2", "5")), setting("keyed.idle_timeout", pick(d, "500ms", "2s", "30s")))})
	}
	if d.chance(15) {
		p.Targets[0].Probe = d.deeds(0, false)
	}
	// The bystander has no part in what goes wrong, and is to notice nothing of it.
	p.Targets = append(p.Targets, scenarios.Target{Name: bystander})
	for operations := 5 + d.IntN(36); operations > 0; {
		s := d.step()
		if s.Verb == scenarios.Call {
			operations--
		}
		p.Steps = append(p.Steps, s)
		if d.chance(40) {
			p.Steps = append(p.Steps, scenarios.Step{Verb: scenarios.Wait, For: d.moment()})
		}
	}
	return p
}

const bystander = scenarios.Bystander

func setting(key, value string) scenarios.Setting { return scenarios.Setting{Key: key, Value: value} }

// step draws a command: mostly an operation.
func (d *drawer) step() scenarios.Step {
	if d.chance(75) {
		return scenarios.Step{Verb: scenarios.Call, Call: d.operation(2)}
	}
	s := scenarios.Step{Verb: pick(d, scenarios.ForceOpen, scenarios.ForceClose, scenarios.Disable, scenarios.Reset, scenarios.Reset,
		scenarios.KillWorker, scenarios.KillWorker, scenarios.KillTarget, scenarios.KillBreaker, scenarios.StartAgain,
		scenarios.Reload, scenarios.Reload, scenarios.ReloadBad, scenarios.Listen, scenarios.Look, scenarios.Look)}
	switch s.Verb {
	case scenarios.Reload:
		s.Target = pick(d, d.names...)
		s.Settings = d.changes()
	case scenarios.Listen:
		s.Manner = pick(d, "well", "panics", "blocks", "leaves")
	case scenarios.ReloadBad:
	case scenarios.Look:
		if d.chance(8) {
			return scenarios.Step{Verb: scenarios.Shutdown, For: d.moment()}
		}
	default:
		s.Target, s.Keys = d.place()
		if s.Verb == scenarios.Reset && d.chance(20) {
			s.Target, s.Keys = "", nil
		}
		if s.Verb == scenarios.ForceOpen && d.chance(70) {
			s.For = d.moment()
		}
	}
	return s
}

func (d *drawer) place() (string, []string) {
	switch n := d.IntN(10); {
	case n == 0 && d.state:
		return "w", nil
	case n <= 2 && d.keyed:
		return "k", []string{pick(d, "x", "y", "z")}
	}
	return pick(d, d.names...), nil
}

// operation draws one; depth is how deep others may be within it.
func (d *drawer) operation(depth int) *scenarios.Operation {
	d.ids++
	o := &scenarios.Operation{ID: strconv.Itoa(d.ids), Way: pick(d, scenarios.Do, scenarios.Do, scenarios.Go, scenarios.Send)}
	if d.chance(8) {
		o.Target, o.Deeds = bystander, []scenarios.Deed{{Result: "ok"}}
		return o
	}
	o.Target, o.Keys = d.place()
	if o.Target == "w" && d.chance(80) {
		o.Way = scenarios.Ask
	}
	if d.chance(12) {
		o.Deadline = d.moment()
	}
	if d.chance(12) {
		o.Cancel = d.moment()
	}
	if d.chance(15) {
		o.Priority = d.IntN(5) - 2
	}
	o.Idempotent, o.Key, o.NotIdempotent = d.chance(25), d.chance(5), d.chance(3)
	if d.chance(20) {
		o.WhenOpen = pick(d, "park", "fail")
	}
	if d.chance(8) {
		o.Fallback = pick(d, "ok", "fails", "panics")
	}
	// A caller whose goroutine is ended is a program of its own.
	o.Deeds = d.deeds(depth, true)
	return o
}

func (d *drawer) deeds(depth int, exits bool) []scenarios.Deed {
	all := make([]scenarios.Deed, 1+d.IntN(4))
	for i := range all {
		all[i] = d.deed(depth, exits)
	}
	return all
}

func (d *drawer) deed(depth int, exits bool) (deed scenarios.Deed) {
	if d.chance(50) {
		deed.Takes = d.moment()
		deed.Deaf = d.chance(25)
	}
	switch n := d.IntN(100); {
	case n < 35:
		deed.Result = "ok"
	case n < 65:
		deed.Result = "temp"
	case n < 68:
		deed.Result, deed.After = "temp", d.moment()
	case n < 72:
		deed.Result, deed.After = pick(d, "http.503", "http.429", "http.500", "http.404"), pick(d, 0, time.Second)
	case n < 75:
		deed.Result, deed.After = "wall", pick(d, 0, 500*time.Millisecond, 2*time.Second)
	case n < 80:
		deed.Result = "hang"
	default:
		deed.Result = pick(d, scenarios.Results...)
	}
	if deed.Result == "inner" || (deed.Result == "ok" && d.chance(15)) {
		if depth == 0 || !exits {
			deed.Result = "plain"
			return deed
		}
		deed.Result = pick(d, "inner", "ok")
		for range 1 + d.IntN(2) {
			inner := d.operation(depth - 1)
			deed.Within = append(deed.Within, inner)
		}
	}
	if deed.Result == "goexit" && !exits {
		deed.Result = "plain"
	}
	if exits && d.chance(5) {
		deed.Cost = float64(1 + d.IntN(10))
	}
	if exits && deed.Result == "ok" && d.chance(5) {
		deed.Late, deed.LateAfter = pick(d, "ok", "temp"), d.moment()
	}
	return deed
}

func (d *drawer) factory() []scenarios.Deed {
	all := []scenarios.Deed{{Result: "ok"}}
	for d.chance(40) {
		all = append(all, scenarios.Deed{Takes: pick(d, 0, 100*time.Millisecond), Result: pick(d, "ok", "temp", "panic")})
	}
	return append(all, scenarios.Deed{Result: "ok"})
}
