package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"
)

// The bounds of -duration, and its default.
const (
	shortestRun = 3 * time.Second
	longestRun  = time.Minute
	defaultRun  = 9 * time.Second
)

// options are the command line.
type options struct {
	config   string
	target   string
	json     bool
	check    bool
	seed     uint64
	duration time.Duration
}

const usage = `Usage: demo [flags]

Runs the workload of eight agents twice against a service that slows down,
goes down, comes back overloaded and recovers: once with a plain retry loop,
once through Holdfast. Prints what happens, and the two runs side by side.

Flags:
`

// parseFlags reads the command line. It writes usage and what is wrong to
// stderr. The error is flag.ErrHelp for -h.
func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.config, "config", "", "take the policy of "+modelAPI+" from this `file`: an agent_config.json, or YAML")
	flags.StringVar(&o.target, "target", "", "send the workload's GETs to this `URL` instead of the built-in service")
	flags.BoolVar(&o.json, "json", false, "write one JSON object to stdout, and the events to stderr")
	flags.BoolVar(&o.check, "check", false, "print the policy of every target in -config, and run nothing")
	flags.Uint64Var(&o.seed, "seed", 1, "draw arrivals and answers from this `number`")
	flags.DurationVar(&o.duration, "duration", defaultRun, "the `length` of each run, from "+shortestRun.String()+" to "+longestRun.String())
	if err := flags.Parse(args); err != nil {
		return options{}, err // flags has written it to stderr
	}
	err := o.validate(flags.Args())
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%v\nRun demo -h for the flags.\n", err)
	}
	return o, err
}

// validate reports all that is wrong with the options together.
func (o options) validate(rest []string) error {
	var found []error
	bad := func(format string, a ...any) { found = append(found, fmt.Errorf(format, a...)) }
	if len(rest) > 0 {
		bad("unexpected argument %q: the demo takes flags only", rest[0])
	}
	if o.duration < shortestRun || o.duration > longestRun {
		bad("-duration = %s: must be from %s to %s", o.duration, shortestRun, longestRun)
	}
	if o.target != "" {
		u, err := url.Parse(o.target)
		switch {
		case err != nil:
			bad("-target = %q: is no URL: %w", o.target, err)
		case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
			bad("-target = %q: must be a whole http or https URL, such as http://127.0.0.1:8080/", o.target)
		}
	}
	if o.check && o.target != "" {
		bad("-check runs nothing: leave out -target")
	}
	if o.check && o.json {
		bad("-check prints a table: leave out -json")
	}
	return errors.Join(found...)
}
