package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"
)

// result is what became of one mutant.
type result struct {
	mutant
	verdict verdict // failed or hung: a test noticed
	// reached is how many tests passed by it.
	reached int
	by      string // the package whose test noticed
}

// examination is what became of a group's mutants.
type examination struct {
	results []result
	chosen  int      // how many were to be examined
	unfit   []string // the tests that fail without a mutant
}

// problems says why the results prove less than they seem to.
func (e examination) problems() (all []string) {
	for _, name := range e.unfit {
		all = append(all, name+" fails without a mutant")
	}
	if 2*len(e.results) < e.chosen {
		all = append(all, fmt.Sprintf("there was time for %d of %d mutants, which is less than half", len(e.results), e.chosen))
	}
	return all
}

// settings are the command's flags.
type settings struct {
	workers int
	// share runs every so-manieth mutant.
	share int
	// match chooses mutants by their names.
	match *regexp.Regexp
	// limit, if not 0, is when to stop, with what there is.
	limit time.Time
	all   bool // tell of each mutant
}

// examine runs every mutant of a group.
func examine(ctx context.Context, root string, g *group, s settings, out io.Writer) (e examination, err error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return e, err
	}
	defer os.RemoveAll(dir)
	mutants, over, err := overlay(root, dir, g)
	if err != nil {
		return e, err
	}
	var tests []*test
	for _, p := range g.tests {
		b, err := build(ctx, root, dir, over, p)
		if err != nil {
			return e, err
		}
		names, err := b.names(ctx)
		if err != nil {
			return e, err
		}
		found, unfit := survey(ctx, dir, b, names, s.workers)
		fmt.Fprintf(out, "%s: %s: %d of %d tests pass by a mutant\n", g.name, p.path, len(found), len(names))
		for _, name := range unfit {
			fmt.Fprintf(out, "%s: %s: %s fails without a mutant: left out\n", g.name, p.path, name)
			e.unfit = append(e.unfit, p.path+": "+name)
		}
		tests = append(tests, found...)
	}
	chosen := sample(matching(mutants, s.match), s.share)
	e.chosen = len(chosen)
	e.results = runAll(ctx, g, chosen, tests, s, out)
	return e, nil
}

func matching(mutants []mutant, pattern *regexp.Regexp) []mutant {
	return slices.DeleteFunc(mutants, func(m mutant) bool { return !pattern.MatchString(m.String()) })
}

func sample(mutants []mutant, share int) []mutant {
	var some []mutant
	for i := 0; i < len(mutants); i += share {
		some = append(some, mutants[i])
	}
	return some
}

func runAll(ctx context.Context, g *group, mutants []mutant, tests []*test, s settings, out io.Writer) []result {
	var lock sync.Mutex
	var results []result
	began, told := time.Now(), time.Now()
	each(s.workers, len(mutants), func(i int) {
		if ctx.Err() != nil || !s.limit.IsZero() && time.Now().After(s.limit) {
			return
		}
		r := examineOne(ctx, mutants[i], tests)
		lock.Lock()
		defer lock.Unlock()
		results = append(results, r)
		if s.all {
			fmt.Fprintf(out, "%s %s\n", [...]string{"SURVIVED", "killed", "hung"}[r.verdict], r.mutant)
		}
		if n := len(results); time.Since(told) > 5*time.Second {
			told = time.Now()
			left := time.Since(began) / time.Duration(n) * time.Duration(len(mutants)-n)
			fmt.Fprintf(out, "%s: %d of %d mutants, about %s left\n", g.name, n, len(mutants), left.Round(time.Second))
		}
	})
	slices.SortFunc(results, func(a, b result) int { return a.id - b.id })
	return results
}

// examineOne runs the tests that pass by the mutant: a few quick ones first, and
// then all others of each package together.
func examineOne(ctx context.Context, m mutant, tests []*test) result {
	r := result{mutant: m}
	var batches [][]*test
	for _, t := range tests {
		if !t.passes[m.id] {
			continue
		}
		r.reached++
		last := len(batches) - 1
		if last < 0 || batches[last][0].binary != t.binary || len(batches[last]) == quick && (last == 0 || batches[last-1][0].binary != t.binary) {
			batches = append(batches, []*test{t})
			continue
		}
		batches[last] = append(batches[last], t)
	}
	for _, batch := range batches {
		var names []string
		within := 5 * time.Second
		for _, t := range batch {
			names = append(names, t.name)
			within += 5 * t.takes
		}
		if v, _ := batch[0].run(ctx, names, within, fmt.Sprintf("%s=%d", aliveEnv, m.id)); v != passed {
			r.verdict, r.by = v, batch[0].path
			return r
		}
	}
	return r
}

// quick is how many tests of a package are tried before the rest of it.
const quick = 6
