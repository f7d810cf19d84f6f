package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/holdfast-go/holdfast/tests/bench/paths"
)

// plan is what is to be measured, and how.
type plan struct {
	rounds  int
	time    time.Duration // of a path in a round
	targets int           // of the calls by name
	scale   float64       // of the scenarios' sizes
	repeat  int           // how often a scenario is measured
	cores   int           // GOMAXPROCS, of the child processes too
	wanted  map[string]bool
	samples samples
}

// namesGroup is what the child process is called by that measures calls by name.
const namesGroup = "names"

// setUp is about how long a benchmark takes beside what it measures, and all
// targets of the calls by name to start, each.
const (
	setUp       = 1.35
	targetSetUp = 100 * time.Microsecond
)

func (p *plan) some(all []paths.Path) (some []paths.Path) {
	for _, path := range all {
		if p.wanted[path.Name] {
			some = append(some, path)
		}
	}
	return some
}

func (p *plan) once() (some []paths.Scenario) {
	for _, s := range paths.Scenarios() {
		if p.wanted[s.Name] {
			some = append(some, s)
		}
	}
	return some
}

func (p *plan) size(s paths.Scenario) int { return max(1, int(float64(s.Size)*p.scale)) }

// expected is about how long a path takes in a round, all names and a scenario.
func (p *plan) expectedPath() time.Duration { return time.Duration(float64(p.time) * setUp) }

func (p *plan) expectedNames(n int) time.Duration {
	if n == 0 {
		return 0
	}
	return time.Duration(p.targets)*targetSetUp + time.Duration(n*p.rounds)*p.expectedPath()
}

func (p *plan) expectedOnce(s paths.Scenario) time.Duration {
	return time.Duration(float64(s.Seconds)*p.scale*1000+500) * time.Millisecond
}

// measure does all of it.
func (p *plan) measure(stderr io.Writer) error {
	hot, names, once := p.some(paths.Hot()), p.some(paths.Names(p.targets)), p.once()
	if len(hot)+len(names)+len(once) == 0 {
		return errors.New("nothing is to be measured")
	}
	told := &progress{w: stderr, expected: time.Duration(len(hot)*p.rounds)*p.expectedPath() + p.expectedNames(len(names))}
	for _, s := range once {
		told.expected += time.Duration(p.repeat) * p.expectedOnce(s)
	}
	if err := p.interleaved(hot, told, p.samples.add); err != nil {
		return err
	}
	if len(names) > 0 {
		err := told.step(fmt.Sprintf("calls by name, %d targets", p.targets), p.expectedNames(len(names)), func() error {
			return p.child(stderr, namesGroup, "-targets", strconv.Itoa(p.targets), "-time", p.time.String(), "-rounds", strconv.Itoa(p.rounds))
		})
		if err != nil {
			return err
		}
	}
	for range p.repeat {
		for _, s := range once {
			err := told.step(fmt.Sprintf("%s, %d", s.Name, p.size(s)), p.expectedOnce(s), func() error {
				return p.child(stderr, s.Name, "-size", strconv.Itoa(p.size(s)))
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// interleaved measures every path once, and then again, so that what disturbs the
// machine for a while disturbs all of them.
func (p *plan) interleaved(all []paths.Path, told *progress, add func(string, figures)) error {
	if err := benchtime(p.time.String()); err != nil {
		return err
	}
	for round := range p.rounds {
		for _, path := range all {
			err := told.step(fmt.Sprintf("round %d of %d: %s", round+1, p.rounds, path.Name), p.expectedPath(), func() error {
				f, err := run(path)
				if err == nil {
					add(path.Name, f)
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func benchtime(value string) error { return flag.Set("test.benchtime", value) }

// sample is what a child process writes for one measurement.
type sample struct {
	Name    string  `json:"name"`
	Figures figures `json:"figures"`
}

// child measures in a process of its own, so that its memory is all that there is.
func (p *plan) child(stderr io.Writer, what string, arguments ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.Command(self, append([]string{"-child", what, "-cpu", strconv.Itoa(p.cores)}, arguments...)...)
	c.Stderr = stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	decoder := json.NewDecoder(out)
	for {
		var s sample
		err := decoder.Decode(&s)
		if err == io.EOF {
			break
		}
		if err != nil {
			_ = c.Process.Kill()
			_ = c.Wait()
			return fmt.Errorf("%s: %w", what, err)
		}
		p.samples.add(s.Name, s.Figures)
	}
	if err := c.Wait(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// serve is the child's side.
func (p *plan) serve(what string, size int, stdout io.Writer) error {
	encoder := json.NewEncoder(stdout)
	var failed error
	write := func(name string, f figures) {
		if err := encoder.Encode(sample{name, f}); err != nil && failed == nil {
			failed = err
		}
	}
	if what == namesGroup {
		if err := p.interleaved(paths.Names(p.targets), &progress{w: io.Discard}, write); err != nil {
			return err
		}
		return failed
	}
	for _, s := range paths.Scenarios() {
		if s.Name != what {
			continue
		}
		if err := benchtime(strconv.Itoa(size) + "x"); err != nil {
			return err
		}
		f, err := run(s.Path)
		if err != nil {
			return err
		}
		write(s.Name, f)
		return failed
	}
	return fmt.Errorf("there is no scenario %q", what)
}
