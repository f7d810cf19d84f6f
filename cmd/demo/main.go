// Command demo shows what Holdfast does for a program whose model API has a
// bad day. It runs the workload of eight agents twice against a real HTTP
// service on this machine that slows down, goes down, comes back overloaded
// and recovers: once with a plain retry loop, once through Holdfast, with the
// same operations at the same times. It prints what happens as it happens,
// and the two runs side by side.
//
//	go run ./cmd/demo
//	go run ./cmd/demo -config agent_config.json -check
//	go run ./cmd/demo -target http://127.0.0.1:8080/ -config agent_config.json
//	go run ./cmd/demo -json
//
// It exits with 0; with 1 if the breaker didn't go closed, open, half-open
// and closed again in a run of the built-in policy and service, or the demo
// itself failed; with 2 for flags or a configuration that can't be used; and
// with 130 when it was interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.Getenv)) }

func run(args []string, stdout, stderr *os.File, getenv func(string) string) int {
	o, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUnusable
	}
	set, err := loadSet(o.config)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "demo: %s can't be used: %v\n", configName(o.config), err)
		return exitUnusable
	}
	if o.check {
		if err := writeCheck(stdout, paletteFor(stdout, getenv), configName(o.config), set); err != nil {
			_, _ = fmt.Fprintf(stderr, "demo: %v\n", err)
			return exitFailed
		}
		return exitOK
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the program at once, as it would without this.
	context.AfterFunc(ctx, stop)
	out := stdout
	if o.json {
		out = stderr
	}
	d := &demo{options: o, set: set, stdout: stdout, stderr: stderr, out: out, palette: paletteFor(out, getenv)}
	return d.run(ctx)
}
