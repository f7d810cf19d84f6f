// Command demo shows what Holdfast does for a program whose model API has a
// bad day. It runs the workload of eight agents twice against a real HTTP
// service on this machine that slows down, goes down, comes back overloaded
// and recovers: once with a plain retry loop, once through Holdfast, with the
// same operations at the same times. It prints what happens as it happens,
// and the two runs side by side.
//
//	go run ./cmd/demo
//	go run ./cmd/demo -config agent_config.json -duration 1m
//	go run ./cmd/demo -target http://127.0.0.1:8080/ -config agent_config.json
//	go run ./cmd/demo -json
//
// Policies come from the files of -config, or from a configuration of the
// demo's own, and from the environment: HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS and
// its kin, and Bindu's RETRY__API_MAX_ATTEMPTS. Of several files the later win,
// and variables win over files. While the run through Holdfast goes on, what is
// changed in the files is applied and shown, and what is wrong in them is
// rejected and shown.
//
// With -check it runs nothing, but prints every value of every target, or of
// the targets named, with the place it comes from; with -json as well, for
// programs.
//
//	go run ./cmd/demo -config agent_config.json -check
//	go run ./cmd/demo -config agent_config.json -config local.yaml -check model_api
//	go run ./cmd/demo -config agent_config.json -check -json | jq '.targets.api'
//
// It exits with 0; with 1 if the breaker didn't go closed, open, half-open
// and closed again in a run of the built-in policy and service, in which
// neither a file nor a variable has a say, or the demo itself failed; with 2
// for flags, names of targets or a configuration that can't be used; and with
// 130 when it was interrupted.
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
		_, _ = fmt.Fprintf(stderr, "demo: the configuration can't be used: %v\n", err)
		return exitUnusable
	}
	if o.check {
		return check(o, set, stdout, stderr, paletteFor(stdout, getenv))
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
