package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/holdfast-go/holdfast/tests/bench/paths"
)

// figures are what was measured of one path at one time, by unit.
type figures map[string]float64

// run measures a path once. How long or how often it runs is set by -test.benchtime.
func run(path paths.Path) (figures, error) {
	result := testing.Benchmark(path.Run)
	if result.N == 0 {
		return nil, fmt.Errorf("%s failed; go test -run '^$' -bench '/%s$' . shows why", path.Name, path.Name)
	}
	f := figures{
		perOp:  float64(result.T.Nanoseconds()) / float64(result.N),
		allocs: float64(result.AllocsPerOp()),
	}
	for unit, x := range result.Extra {
		f[unit] = x
	}
	return f, nil
}

// samples are the figures of all paths of all rounds.
type samples map[string][]figures

func (s samples) add(name string, f figures) { s[name] = append(s[name], f) }

// median is that of a path's figures in a unit, NaN if there are none.
func (s samples) median(name, unit string) float64 {
	var all []float64
	for _, f := range s[name] {
		if x, ok := f[unit]; ok {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return math.NaN()
	}
	slices.Sort(all)
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2
	}
	return all[len(all)/2]
}

// line is a row with its figures.
type line struct {
	row
	Holdfast float64  `json:"holdfast"`
	Other    *float64 `json:"other,omitempty"`
	Ratio    *float64 `json:"ratio,omitempty"`
	Met      *bool    `json:"met,omitempty"`
}

var errNoFigure = errors.New("there is no such figure")

// fill gives a row its figures.
func (s samples) fill(r row) (line, error) {
	l := line{row: r, Holdfast: s.median(r.Of, r.Unit)}
	judged := l.Holdfast
	if r.Beside != "" {
		other := s.median(r.Beside, r.Unit)
		ratio := l.Holdfast / other
		l.Other, l.Ratio, judged = &other, &ratio, ratio
	}
	if math.IsNaN(judged) {
		return l, fmt.Errorf("%s, %s: %w", r.Path, r.Unit, errNoFigure)
	}
	if r.Goal != nil {
		met := r.Goal.met(judged)
		l.Met = &met
	}
	return l, nil
}
