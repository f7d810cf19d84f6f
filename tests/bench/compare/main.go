// Command compare measures Holdfast and its peers in turn, several times, and
// prints a table of medians and ratios beside the goals.
//
//	cd tests/bench && go run ./compare
//
// It exits with 1 if a goal is missed, and with 2 if something could not be
// measured. go run gives 1 in place of any other code: build it to tell them apart.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"testing"
	"time"
)

func main() { os.Exit(compare(os.Args[1:], os.Stdout, os.Stderr)) }

const (
	missed = 1
	broken = 2
)

func compare(arguments []string, stdout, stderr io.Writer) int {
	p := &plan{wanted: map[string]bool{}, samples: samples{}}
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&p.rounds, "rounds", 7, "how often each path is measured")
	flags.DurationVar(&p.time, "time", 200*time.Millisecond, "how long each path is measured in a round")
	flags.IntVar(&p.targets, "targets", 100_000, "how many targets the calls by name choose from")
	flags.Float64Var(&p.scale, "scale", 1, "a share of the scenarios' sizes; the goals are about 1")
	flags.IntVar(&p.repeat, "repeat", 1, "how often the scenarios with memory and long waits are measured")
	pattern := flags.String("run", "", "a regular expression for what is measured: it matches rows and paths")
	asJSON := flags.Bool("json", false, "write everything that was measured as JSON in place of the table")
	flags.IntVar(&p.cores, "cpu", 2, "GOMAXPROCS; the goals are about 2")
	child := flags.String("child", "", "measure only this and write the figures: what compare starts itself with")
	size := flags.Int("size", 1, "the size of the scenario that -child names")
	if err := flags.Parse(arguments); err != nil {
		return broken
	}
	selected, err := regexp.Compile(*pattern)
	if err != nil {
		err = fmt.Errorf("-run: %w", err)
	} else {
		err = p.valid(*size, flags.Args())
	}
	if err != nil {
		fmt.Fprintln(stderr, "compare:", err)
		return broken
	}
	runtime.GOMAXPROCS(p.cores)
	testing.Init() // what testing.Benchmark goes by
	if *child != "" {
		if err := p.serve(*child, *size, stdout); err != nil {
			fmt.Fprintln(stderr, "compare:", err)
			return broken
		}
		return 0
	}
	chosen := matching(rows(), selected)
	if len(chosen) == 0 {
		fmt.Fprintf(stderr, "compare: -run %q matches no row and no path\n", *pattern)
		return broken
	}
	for _, r := range chosen {
		p.wanted[r.Of], p.wanted[r.Beside] = true, true
	}
	if err := p.measure(stderr); err != nil {
		fmt.Fprintln(stderr, "compare:", err)
		return broken
	}
	return p.report(chosen, *asJSON, stdout, stderr)
}

// valid says which flag can't be measured with.
func (p *plan) valid(size int, stray []string) error {
	if len(stray) > 0 {
		return fmt.Errorf("%q is no flag", stray[0])
	}
	for _, f := range []struct {
		name     string
		value    any
		positive bool
	}{
		{"rounds", p.rounds, p.rounds > 0},
		{"time", p.time, p.time > 0},
		{"targets", p.targets, p.targets > 0},
		{"scale", p.scale, p.scale > 0},
		{"repeat", p.repeat, p.repeat > 0},
		{"cpu", p.cores, p.cores > 0},
		{"size", size, size > 0},
	} {
		if !f.positive {
			return fmt.Errorf("-%s is %v: it has to be more than 0", f.name, f.value)
		}
	}
	return nil
}

// report writes what was measured, and gives the exit code.
func (p *plan) report(chosen []row, asJSON bool, stdout, stderr io.Writer) int {
	var lines []line
	goals, met := 0, 0
	for _, r := range chosen {
		l, err := p.samples.fill(r)
		if err != nil {
			fmt.Fprintln(stderr, "compare:", err)
			return broken
		}
		if l.Met != nil {
			goals++
			if *l.Met {
				met++
			}
		}
		lines = append(lines, l)
	}
	if asJSON {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		err := encoder.Encode(map[string]any{
			"go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "cpu": runtime.GOMAXPROCS(0),
			"rounds": p.rounds, "time": p.time.String(), "targets": p.targets, "scale": p.scale, "repeat": p.repeat,
			"goals": goals, "met": met, "rows": lines, "samples": p.samples,
		})
		if err != nil {
			fmt.Fprintln(stderr, "compare:", err)
			return broken
		}
	} else {
		table(stdout, lines)
		fmt.Fprintf(stdout, "\n%d of %d goals met. Medians of %d rounds of %s; %s, %s/%s, GOMAXPROCS %d.\n",
			met, goals, p.rounds, p.time, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	}
	if met < goals {
		return missed
	}
	return 0
}
