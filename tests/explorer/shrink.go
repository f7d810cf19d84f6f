package explorer

import (
	"slices"

	"github.com/holdfast-go/holdfast/tests/scenarios"
)

// Shrink makes a program smaller for as long as fails says that what is left
// still does.
func Shrink(p *scenarios.Program, fails func(*scenarios.Program) bool) *scenarios.Program {
	for {
		smaller := p
		for _, pass := range []func(*scenarios.Program, func(*scenarios.Program) bool) *scenarios.Program{
			fewerSteps, fewerTargets, fewerSettings, simplerOperations,
		} {
			smaller = pass(smaller, fails)
		}
		if smaller.String() == p.String() {
			return p
		}
		p = smaller
	}
}

// without gives the list without n of its elements, from i.
func without[T any](all []T, i, n int) []T {
	return slices.Concat(all[:i], all[min(i+n, len(all)):])
}

// fewerSteps leaves out steps: first many at a time, then single ones.
func fewerSteps(p *scenarios.Program, fails func(*scenarios.Program) bool) *scenarios.Program {
	for n := len(p.Steps) / 2; n > 0; n /= 2 {
		for i := 0; i < len(p.Steps); {
			smaller := &scenarios.Program{Targets: p.Targets, Steps: without(p.Steps, i, n)}
			if fails(smaller) {
				p = smaller
			} else {
				i += n
			}
		}
	}
	return p
}

func fewerTargets(p *scenarios.Program, fails func(*scenarios.Program) bool) *scenarios.Program {
	for i := len(p.Targets) - 1; i >= 0; i-- {
		name := p.Targets[i].Name
		used := slices.ContainsFunc(p.Steps, func(s scenarios.Step) bool { return s.Target == name })
		p.Operations(func(o *scenarios.Operation) { used = used || o.Target == name })
		if used || len(p.Targets) == 1 {
			continue
		}
		smaller := &scenarios.Program{Targets: without(p.Targets, i, 1), Steps: p.Steps}
		if smaller.Valid() == nil && fails(smaller) {
			p = smaller
		}
	}
	return p
}

func fewerSettings(p *scenarios.Program, fails func(*scenarios.Program) bool) *scenarios.Program {
	for t := range p.Targets {
		for n := max(1, len(p.Targets[t].Settings)/2); n > 0; n /= 2 {
			for i := 0; i < len(p.Targets[t].Settings); {
				smaller := &scenarios.Program{Targets: slices.Clone(p.Targets), Steps: p.Steps}
				smaller.Targets[t].Settings = without(p.Targets[t].Settings, i, n)
				if smaller.Valid() == nil && fails(smaller) {
					p = smaller
				} else {
					i += n
				}
			}
		}
	}
	return p
}

// simplerOperations takes from the operations and reloads what they don't need.
func simplerOperations(p *scenarios.Program, fails func(*scenarios.Program) bool) *scenarios.Program {
	for i := 0; i < len(p.Steps); i++ {
		for _, simpler := range simplerSteps(p.Steps[i]) {
			smaller := &scenarios.Program{Targets: p.Targets, Steps: slices.Clone(p.Steps)}
			smaller.Steps[i] = simpler
			if fails(smaller) {
				p = smaller
				i--
				break
			}
		}
	}
	return p
}

// simplerSteps gives steps that do a little less.
func simplerSteps(s scenarios.Step) (all []scenarios.Step) {
	if s.Verb == scenarios.Reload && len(s.Settings) > 1 {
		for i := range s.Settings {
			t := s
			t.Settings = without(s.Settings, i, 1)
			all = append(all, t)
		}
	}
	if s.Verb == scenarios.Call {
		for _, o := range simplerOperation(s.Call) {
			all = append(all, scenarios.Step{Verb: scenarios.Call, Call: o})
		}
	}
	return all
}

func simplerOperation(o *scenarios.Operation) (all []*scenarios.Operation) {
	try := func(edit func(*scenarios.Operation)) {
		simpler := *o
		edit(&simpler)
		if simpler.String() != o.String() {
			all = append(all, &simpler)
		}
	}
	try(func(o *scenarios.Operation) { o.Deadline = 0 })
	try(func(o *scenarios.Operation) { o.Cancel = 0 })
	try(func(o *scenarios.Operation) { o.Priority = 0 })
	try(func(o *scenarios.Operation) { o.Idempotent, o.Key, o.NotIdempotent = false, false, false })
	try(func(o *scenarios.Operation) { o.WhenOpen = "" })
	try(func(o *scenarios.Operation) { o.Fallback = "" })
	for i := range o.Deeds {
		if len(o.Deeds) > 1 {
			try(func(o *scenarios.Operation) { o.Deeds = without(o.Deeds, i, 1) })
		}
		for _, d := range simplerDeed(o.Deeds[i]) {
			try(func(o *scenarios.Operation) {
				o.Deeds = slices.Clone(o.Deeds)
				o.Deeds[i] = d
			})
		}
	}
	return all
}

func simplerDeed(d scenarios.Deed) (all []scenarios.Deed) {
	try := func(edit func(*scenarios.Deed)) {
		simpler := d
		edit(&simpler)
		if simpler.String() != d.String() {
			all = append(all, simpler)
		}
	}
	try(func(d *scenarios.Deed) { *d = scenarios.Deed{Result: "ok"} })
	try(func(d *scenarios.Deed) { d.Takes = 0 })
	try(func(d *scenarios.Deed) { d.Deaf = false })
	try(func(d *scenarios.Deed) { d.After = 0 })
	try(func(d *scenarios.Deed) { d.Cost = 0 })
	try(func(d *scenarios.Deed) { d.Late, d.LateAfter = "", 0 })
	for i, inner := range d.Within {
		if len(d.Within) > 1 || d.Result != "inner" {
			try(func(d *scenarios.Deed) { d.Within = without(d.Within, i, 1) })
		}
		for _, o := range simplerOperation(inner) {
			try(func(d *scenarios.Deed) {
				d.Within = slices.Clone(d.Within)
				d.Within[i] = o
			})
		}
	}
	return all
}
