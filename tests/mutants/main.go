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
// It ends with 1 if a mutant survives that is neither in equivalent.go nor in
// unshown.go, or if a test fails for one that is in equivalent.go.
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
	only := flags.String("only", "", "the one group to examine")
	share := flags.Int("share", 1, "examine every so-manieth mutant")
	match := flags.String("match", "", "examine only those whose name, as the report prints it, matches this regular expression")
	workers := flags.Int("parallel", runtime.NumCPU(), "tests that run at a time")
	all := flags.Bool("v", false, "tell of each mutant")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	pattern, err := regexp.Compile(*match)
	if err != nil {
		fmt.Fprintln(problems, err)
		return 2
	}
	s := settings{workers: max(1, *workers), share: max(1, *share), match: pattern, all: *all}
	if *short {
		*only, s.share, s.limit = "machine", max(s.share, shortShare), time.Now().Add(55*time.Second)
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		fmt.Fprintln(problems, err)
		return 2
	}
	known, good := false, true
	for i := range groups {
		g := &groups[i]
		if *only != "" && g.name != *only {
			continue
		}
		known = true
		began := time.Now()
		results, err := examine(ctx, root, g, s, out)
		if err != nil {
			fmt.Fprintln(problems, err)
			return 2
		}
		good = report(g, results, time.Since(began), out) && good
	}
	switch {
	case !known:
		fmt.Fprintf(problems, "there is no group %q\n", *only)
		return 2
	case ctx.Err() != nil:
		fmt.Fprintln(problems, "interrupted")
		return 2
	case !good:
		return 1
	}
	return 0
}

// shortShare makes a sample of the machine that fits into -short's time.
const shortShare = 7
