package main

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// figure is a name and a number that a proof has said.
type figure struct {
	name  string
	value float64
	text  string
}

// bound is what a figure must keep to.
type bound struct {
	name        string
	least, most float64
	// measured figures depend on the machine: missing one is no violation.
	measured bool
}

// least are the counts below which a proof has shown less than its goal says.
func least(of ...count) (all []bound) {
	for _, c := range of {
		all = append(all, bound{name: c.name, least: c.least, most: math.MaxFloat64})
	}
	return all
}

// count is a figure that is to be at least so much.
type count struct {
	name  string
	least float64
}

func zero(names ...string) (all []bound) {
	for _, name := range names {
		all = append(all, bound{name: name})
	}
	return all
}

// figures reads what a proof has said: lines such as "prove: chaos lost=0", or
// what the named groups of a pattern match, in both cases the last of them.
func figures(said string, pattern *regexp.Regexp) (all []figure) {
	add := func(name, text string) {
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return
		}
		for i := range all {
			if all[i].name == name {
				all[i] = figure{name, value, text}
				return
			}
		}
		all = append(all, figure{name, value, text})
	}
	for line := range strings.Lines(said) {
		_, line, ok := strings.Cut(strings.TrimSpace(line), "prove: ")
		if !ok {
			continue
		}
		for _, word := range strings.Fields(line) {
			if name, text, ok := strings.Cut(word, "="); ok {
				add(name, text)
			}
		}
	}
	if pattern != nil {
		for _, match := range pattern.FindAllStringSubmatch(said, -1) {
			for i, name := range pattern.SubexpNames() {
				if name != "" {
					add(name, match[i])
				}
			}
		}
	}
	return all
}

// The verdicts.
const (
	holds    = "holds"
	missed   = "MISSED"
	violated = "VIOLATED"
)

// row is what the table says of a proof.
type row struct {
	proof    proof
	goal     string
	verdict  string
	measured string
	took     time.Duration
}

// judge holds what a proof has said against what it must.
func (p proof) judge(said string, failed error, full bool) row {
	r := row{proof: p, goal: p.size(full).goal, verdict: holds}
	all := figures(said, p.read)
	var shown []string
	for _, f := range all {
		shown = append(shown, f.name+"="+f.text)
	}
	for _, b := range slices.Concat(p.bounds, p.size(full).least) {
		value, found := find(all, b.name)
		switch {
		case !found:
			r.verdict = violated
			shown = append(shown, b.name+" was not said")
		case value >= b.least && value <= b.most:
		case b.measured && r.verdict == holds:
			r.verdict = missed
			shown = append(shown, fmt.Sprintf("(%s is to be from %g to %g)", b.name, b.least, b.most))
		case !b.measured:
			r.verdict = violated
			shown = append(shown, fmt.Sprintf("(%s must be from %g to %g)", b.name, b.least, b.most))
		}
	}
	for _, nothing := range nothings {
		if strings.Contains(said, nothing) {
			r.verdict = violated
			shown = append(shown, fmt.Sprintf("(nothing was run: %q)", nothing))
		}
	}
	if failed != nil {
		r.verdict = violated
		shown = append(shown, failed.Error())
	}
	r.measured = strings.Join(shown, " ")
	return r
}

// nothings are what the go command says, and ends well, when a name selects
// no test: a test that was renamed would prove its proof for ever.
var nothings = []string{"[no tests to run]", "testing: warning: no tests to run", "no fuzz tests to fuzz", "[no test files]"}

func find(all []figure, name string) (float64, bool) {
	for _, f := range all {
		if f.name == name {
			return f.value, true
		}
	}
	return 0, false
}

// table is what was measured beside what was to be reached, for people and for
// documents.
func table(rows []row) string {
	var b strings.Builder
	b.WriteString("| proof | invariant | to reach | measured | verdict | took |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.proof.name, r.proof.invariant, r.goal, r.measured, r.verdict,
			r.took.Round(time.Second))
	}
	return b.String()
}
