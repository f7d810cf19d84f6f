package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// binary is one package's tests, compiled with all of a group's mutants.
type binary struct {
	testPackage
	file, dir string
}

// test is one test function, what it takes without a mutant, and which mutants
// it passes by.
type test struct {
	*binary
	name   string
	takes  time.Duration
	passes map[int]bool
}

func build(ctx context.Context, root, dir, overlay string, p testPackage) (*binary, error) {
	b := &binary{testPackage: p, file: filepath.Join(dir, strings.ReplaceAll(strings.Trim(p.path, "./"), "/", "_")+".test"), dir: filepath.Join(root, p.path)}
	c := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", b.file, p.path)
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the tests of %s: %w\n%s", p.path, err, out)
	}
	return b, nil
}

func (b *binary) names(ctx context.Context) ([]string, error) {
	c := exec.CommandContext(ctx, b.file, "-test.list", "^(Test|Fuzz|Example)")
	c.Dir = b.dir
	out, err := c.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("listing the tests of %s: %w\n%s", b.path, err, out)
	}
	return strings.Fields(string(out)), nil
}

// verdict is what running tests said.
type verdict uint8

const (
	passed verdict = iota
	failed
	hung
)

// run runs tests of the binary, until the first that fails.
func (b *binary) run(ctx context.Context, names []string, within time.Duration, env ...string) (verdict, []byte) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	args := append([]string{"-test.failfast", "-test.run", "^(" + strings.Join(quoted, "|") + ")$"}, b.args...)
	c := exec.CommandContext(ctx, b.file, args...)
	c.Dir = b.dir
	c.Env = append(os.Environ(), env...)
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	switch {
	case err == nil:
		return passed, out
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return hung, out
	}
	return failed, out
}

// survey runs each test by itself, without a mutant, to learn which it passes
// by. Tests that fail already, such as those that count allocations or need more
// than the change allows, are told of and left out.
func survey(ctx context.Context, dir string, b *binary, names []string, workers int) (tests []*test, unfit []string) {
	var lock sync.Mutex
	each(workers, len(names), func(i int) {
		at := filepath.Join(dir, fmt.Sprintf("%s.%d.passed", filepath.Base(b.file), i))
		began := time.Now()
		v, _ := b.run(ctx, names[i:i+1], time.Minute, passedEnv+"="+at)
		t := &test{binary: b, name: names[i], takes: time.Since(began), passes: passedBy(at)}
		lock.Lock()
		defer lock.Unlock()
		switch {
		case v != passed:
			unfit = append(unfit, names[i])
		case len(t.passes) > 0:
			tests = append(tests, t)
		}
	})
	slices.SortFunc(tests, func(a, b *test) int { return int(a.takes - b.takes) })
	slices.Sort(unfit)
	return tests, unfit
}

func passedBy(file string) map[int]bool {
	ids := map[int]bool{}
	text, _ := os.ReadFile(file) // there is none if it passed by no mutant
	for _, word := range strings.Fields(string(text)) {
		if id, err := strconv.Atoi(word); err == nil {
			ids[id] = true
		}
	}
	return ids
}

// each calls do for 0 to n-1, on so many goroutines.
func each(workers, n int, do func(i int)) {
	next := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}
