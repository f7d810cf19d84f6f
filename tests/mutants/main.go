// Mutants shows that each guard is needed: it leaves them out one at a time and
// runs the tests, one of which has to fail.
//
//	go run ./tests/mutants                   everything, the better part of an hour
//	go run ./tests/mutants -short            a sample of the machine, under a minute
//	go run ./tests/mutants -only strategy    one of machine, strategy, worker
//
// The guards are found in the syntax tree: each condition of an if, a switch or a
// returned value is made to hold always and never, each operand of && and || is
// left out, each comparison is put off by one, each statement that does something
// is skipped. All of them are compiled into the test binaries at once, through the
// go command's -overlay, and a variable says which is alive; so a mutant costs a
// run of the tests that come by it, and no build. A test that takes five times as long as usual, and
// five seconds more, has noticed too.
//
// It ends with 1 if a mutant survives that is not in equivalent.go, or if a test
// fails for one that is; also if a test fails without a mutant, if there was time
// for less than half of the sample, and if no mutant was examined.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, problems io.Writer) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(problems)
	short := flags.Bool("short", false, "a sample of the machine's mutants, for at most 55 seconds")
	only := flags.String("only", "", "the one `group` to examine: "+groupNames())
	share := flags.Int("share", 1, "examine every so-manieth mutant")
	match := flags.String("match", "", "examine only those whose name, as the report prints it, matches this regular expression")
	workers := flags.Int("parallel", runtime.NumCPU(), "tests that run at a time")
	all := flags.Bool("v", false, "tell of each mutant")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	pattern, err := regexp.Compile(*match)
	switch {
	case err != nil:
		err = fmt.Errorf("-match: %w", err)
	case flags.NArg() > 0:
		err = fmt.Errorf("%q is no flag", flags.Arg(0))
	case *only != "" && !slices.ContainsFunc(groups, func(g group) bool { return g.name == *only }):
		err = fmt.Errorf("there is no group %q; there are %s", *only, groupNames())
	case *short && *only != "" && *only != "machine":
		err = fmt.Errorf("-short is a sample of the machine, not of %s", *only)
	}
	if err != nil {
		fmt.Fprintln(problems, "mutants:", err)
		return 2
	}
	s := settings{workers: max(1, *workers), share: max(1, *share), match: pattern, all: *all}
	if *short {
		*only, s.share, s.limit = "machine", max(s.share, shortShare), time.Now().Add(55*time.Second)
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		fmt.Fprintln(problems, "mutants:", err)
		return 2
	}
	examined, good := 0, true
	for i := range groups {
		g := &groups[i]
		if *only != "" && g.name != *only {
			continue
		}
		began := time.Now()
		e, err := examine(ctx, root, g, s, out)
		if ctx.Err() != nil {
			fmt.Fprintln(problems, "mutants: interrupted")
			return 2
		}
		if err != nil {
			fmt.Fprintln(problems, "mutants:", err)
			return 2
		}
		good = report(g, e.results, time.Since(began), out) && good
		examined += len(e.results)
		for _, problem := range e.problems() {
			fmt.Fprintf(problems, "mutants: %s: %s\n", g.name, problem)
			good = false
		}
	}
	if examined == 0 {
		fmt.Fprintf(problems, "mutants: no mutant was examined: -match %q and -share %d leave none\n", *match, s.share)
		good = false
	}
	if !good {
		return 1
	}
	return 0
}

func groupNames() string {
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	return strings.Join(names, ", ")
}

// shortShare makes a sample of the machine that fits into -short's time.
const shortShare = 7
