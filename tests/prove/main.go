// Command prove runs everything that holds Holdfast to its invariants, tells what
// is left while it goes on, and prints what it measured beside the figures to reach.
//
//	go run ./tests/prove -short             some minutes, for every change
//	go run ./tests/prove -full              hours, for a release
//	go run ./tests/prove -full -only chaos,endings
//	go run ./tests/prove -list
//
// It ends with 1 at the first violation, and prints what the proof said (the
// explorer's script is in that) and the command that runs it again. A figure on the
// real clock that is missed is told in the table; it ends -full with 1 when all is
// done, and -short not, which runs on machines that do other things too. An
// interrupt is no violation: it ends the proof that runs, and this with 130 (1
// through go run).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], proofs, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole command. It gives the exit code.
func run(ctx context.Context, args []string, all []proof, out, problems io.Writer) int {
	flags := flag.NewFlagSet("prove", flag.ContinueOnError)
	flags.SetOutput(problems)
	full := flags.Bool("full", false, "the full sizes, hours of them")
	short := flags.Bool("short", false, "sizes for every change, some minutes")
	only := flags.String("only", "", "the `names` of the proofs to run, with commas between")
	list := flags.Bool("list", false, "list the proofs and their commands, and run none")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	selected, err := choose(all, *only, *full)
	switch {
	case err == nil && !*list && *full == *short:
		err = fmt.Errorf("give -short or -full")
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if err != nil {
		_, _ = fmt.Fprintln(problems, "prove:", err)
		return 2
	}
	if *list {
		for _, p := range selected {
			say(out, "%-14s %-9s %s\n", p.name, p.invariant, p.size(*full).command)
		}
		return 0
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		_, _ = fmt.Fprintln(problems, "prove:", err)
		return 2
	}
	return prove(ctx, root, selected, *full, out)
}

// moduleRoot is where the proofs' commands run, from whatever folder of the
// module this one was started.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("asking for the module: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("run it within the module")
	}
	return filepath.Dir(file), nil
}

// choose gives the proofs of that size, or those named.
func choose(all []proof, only string, full bool) (chosen []proof, err error) {
	var names []string
	if only != "" {
		names = strings.Split(only, ",")
	}
	for _, p := range all {
		if p.size(full).command != "" && (names == nil || slices.Contains(names, p.name)) {
			chosen = append(chosen, p)
		}
		names = slices.DeleteFunc(names, func(name string) bool { return name == p.name && p.size(full).command != "" })
		if only != "" && len(names) == 0 {
			break
		}
	}
	if len(names) > 0 {
		return nil, fmt.Errorf("there is no proof %q in this size; -list names them", strings.Join(names, ", "))
	}
	return chosen, nil
}

// interrupted is the exit code of shells for it.
const interrupted = 130

// prove runs the proofs one after another.
func prove(ctx context.Context, root string, all []proof, full bool, out io.Writer) int {
	var left time.Duration
	for _, p := range all {
		left += p.size(full).takes
	}
	began := time.Now()
	var rows []row
	code := 0
	for n, p := range all {
		size := p.size(full)
		say(out, "[%d/%d] %s, %s\n%s", n+1, len(all), p.name, p.invariant, indented(fmt.Sprintf("%s; about %s, %s left in all", p.says,
			size.takes, left.Round(time.Second))))
		at := time.Now()
		said, err := watched(out, size.takes, func() (string, error) { return execute(ctx, root, size.command) })
		if ctx.Err() != nil {
			say(out, "\n%s\ninterrupted in %s; %d of %d were run in %s\n", table(rows), p.name, len(rows), len(all), time.Since(began).Round(time.Second))
			return interrupted
		}
		r := p.judge(said, err, full)
		r.took = time.Since(at)
		rows = append(rows, r)
		say(out, "%s", indented(strings.TrimSuffix(fmt.Sprintf("%s in %s: %s", r.verdict, r.took.Round(100*time.Millisecond), r.measured), ": ")))
		left = max(0, left-size.takes)
		if r.verdict == missed && full {
			code = 1
		}
		if r.verdict == violated {
			say(out, "\n%s\n\nThis runs it again:\n\n\t%s\n", lastLines(said, 60), size.command)
			code = 1
			break
		}
	}
	say(out, "\n%s\n%d of %d in %s\n", table(rows), len(rows), len(all), time.Since(began).Round(time.Second))
	return code
}

// execute runs a command in a folder and gives all that it says. When the context
// ends so does the command, with all that it has started where the system can.
func execute(ctx context.Context, root, command string) (string, error) {
	words := strings.Fields(command)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = root
	cmd.WaitDelay = 10 * time.Second
	interruptible(cmd)
	said, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		endGroup(cmd)
	}
	return string(said), err
}

// tellEvery is how often somebody who waits for a proof hears of it.
const tellEvery = 5 * time.Minute

// watched runs a proof and tells now and then for how long it has been running.
func watched(out io.Writer, takes time.Duration, proof func() (string, error)) (said string, err error) {
	began, over := time.Now(), make(chan struct{})
	go func() {
		defer close(over)
		said, err = proof()
	}()
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-over:
			return said, err
		case <-ticker.C:
			say(out, "%s", indented(fmt.Sprintf("has run for %s of about %s", time.Since(began).Round(time.Minute), takes)))
		}
	}
}

// width is that of a narrow terminal.
const width = 80

// indented is text below a proof's name, in lines that a narrow terminal holds.
func indented(text string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		if column > 0 && column+1+len(word) > width {
			b.WriteString("\n")
			column = 0
		}
		if column == 0 {
			b.WriteString("       ")
			column = 7
		}
		b.WriteString(" " + word)
		column += 1 + len(word)
	}
	return b.String() + "\n"
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// say writes to whoever watches; one that went away is no reason to stop.
func say(out io.Writer, format string, a ...any) { _, _ = fmt.Fprintf(out, format, a...) }
