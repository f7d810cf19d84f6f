package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUnusable    = 2
	exitInterrupted = 130 // 128 + SIGINT, as shells have it
)

// demo is one whole comparison.
type demo struct {
	options        options
	set            *policies.Set
	stdout, stderr io.Writer
	out            io.Writer // of headings and the event stream
	palette        palette   // of out
}

// run does both runs, writes the outcome and returns the exit code.
func (d *demo) run(ctx context.Context) int {
	if err := d.heading(); err != nil {
		return d.fail(err)
	}
	d.title("1 of 2: a plain retry loop")
	unprotected := d.side()
	plain, err := unprotected.measure(ctx, plainClient)
	if err != nil {
		return d.fail(err)
	}
	protected := d.side()
	var guarded summary
	if ctx.Err() == nil {
		d.title("2 of 2: the same work through Holdfast")
		if guarded, err = protected.measure(ctx, guardedClient); err != nil {
			return d.fail(err)
		}
	}
	interrupted := ctx.Err() != nil
	if interrupted {
		d.say("\nInterrupted; what was done until then:\n")
	}
	if d.options.json {
		var followed *reloads
		if len(d.options.config) > 0 {
			followed = &protected.record.reloads
		}
		err = writeReport(d.stdout, plain, guarded, protected.record.transitions, followed)
	} else {
		err = d.outcome(plain, guarded)
	}
	switch {
	case err != nil:
		return d.fail(err)
	case interrupted:
		return exitInterrupted
	}
	ours, err := d.builtIn()
	if err != nil {
		return d.fail(err)
	}
	if ours {
		if err := fullCycle(protected.record.transitions); err != nil {
			return d.fail(err)
		}
	}
	return exitOK
}

func (d *demo) side() *side {
	return &side{options: d.options, set: d.set, out: d.out, palette: d.palette}
}

// builtIn is true when policy and service are both the demo's own, so that
// the demo knows what they must show. A variable that has a say in the policy
// makes it somebody else's.
func (d *demo) builtIn() (bool, error) {
	variables, err := variablesOf(d.set)
	return len(d.options.config) == 0 && d.options.target == "" && len(variables) == 0, err
}

func (d *demo) heading() error {
	policy, err := d.set.Target(modelAPI)
	if err != nil {
		return err
	}
	service := "a service on this machine that has a bad day"
	if d.options.target != "" {
		service = d.options.target
	}
	ops := plan(d.options.seed, d.options.duration)
	users := 0
	for _, op := range ops {
		if op.kind == interactive {
			users++
		}
	}
	d.say("%s\n", d.palette.paint(bold, "Holdfast: one workload, run twice"))
	variables, err := variablesOf(d.set)
	if err != nil {
		return err
	}
	parts := []struct{ name, text string }{
		{"service", service},
		{"workload", fmt.Sprintf("%d agents, %d operations: %d with a user waiting up to %s,", agents, len(ops), users, userPatience)},
		{"", fmt.Sprintf("%d in the background with up to %s; seed %d", len(ops)-users, min(backgroundPatience, d.options.duration), d.options.seed)},
		{"retries", fmt.Sprintf("both: %d attempts, waits of %s to %s", attempts(policy.Retry), policy.Retry.MinWait, policy.Retry.MaxWait)},
		{"breaker", breakerText(policy.Breaker)},
		{"policy", "model_api in " + configName(d.options.config, variables)},
	}
	if len(d.options.config) > 0 {
		parts = append(parts, struct{ name, text string }{"reload", "run 2 follows what changes in there while it goes on"})
	}
	for _, part := range parts {
		d.say("  %-10s%s\n", part.name, fit(part.text, width-12))
	}
	if rest := d.options.duration / 2; d.options.target == "" && policy.Breaker.Enabled && policy.Breaker.RecoveryTimeout > rest {
		d.say("  %-10s%s\n", "note", fmt.Sprintf("the breaker rests for %s, longer than this run's incident lasts", policy.Breaker.RecoveryTimeout))
	}
	return nil
}

func breakerText(b policies.Breaker) string {
	if !b.Enabled {
		return "Holdfast only: disabled by the policy"
	}
	text := fmt.Sprintf("opens after %d failures in a row, ", b.FailureThreshold)
	if b.FailureThreshold == policies.Never {
		text = "opens by rate, "
	}
	return "Holdfast only: " + text + fmt.Sprintf("probes after %s", b.RecoveryTimeout)
}

func (d *demo) title(text string) {
	d.say("\n%s\n", d.palette.paint(bold, fmt.Sprintf("Run %s (up to %s)", text, d.options.duration.Round(time.Millisecond))))
}

func (d *demo) outcome(plain, guarded summary) error {
	d.say("\n")
	writeTable(d.out, d.palette, plain, guarded, d.options.target != "")
	for _, l := range reading(plain, guarded, d.options.target != "") {
		d.say("%s\n", l)
	}
	return nil
}

// say writes to the people who watch. A terminal that went away is no reason
// to leave the service and the supervisor running.
func (d *demo) say(format string, a ...any) { _, _ = fmt.Fprintf(d.out, format, a...) }

func (d *demo) fail(err error) int {
	_, _ = fmt.Fprintf(d.stderr, "demo: %v\n", err)
	return exitFailed
}
