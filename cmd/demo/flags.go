package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"
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
	config   []string // files, the later over the earlier
	target   string
	json     bool
	check    bool
	checked  []string // the targets to check, empty for all
	seed     uint64
	duration time.Duration
}

const usage = `Usage: demo [flags]
       demo -check [flags] [target ...]

Runs the workload of eight agents twice against a service that slows down,
goes down, comes back overloaded and recovers: once with a plain retry loop,
once through Holdfast. Prints what happens, and the two runs side by side.

With -check it prints the targets' policies instead, and where each value comes
from: of all targets what is not built in, of those that are named everything.
Policies come from the files, from variables such as
HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS, and from Bindu's RETRY__API_MAX_ATTEMPTS.

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
	flags.Var((*list)(&o.config), "config", "take the policies from this `file`, JSON, YAML or TOML, and follow its\nchanges; may be given again, the later files over the earlier")
	flags.StringVar(&o.target, "target", "", "send the workload's GETs to this `URL` instead of the built-in service")
	flags.BoolVar(&o.json, "json", false, "write one JSON object to stdout, and the events to stderr")
	flags.BoolVar(&o.check, "check", false, "print the policies of all targets, or of those named, and run nothing")
	flags.Uint64Var(&o.seed, "seed", 1, "draw arrivals and answers from this `number`")
	flags.DurationVar(&o.duration, "duration", defaultRun, "the `length` of each run, from "+shortestRun.String()+" to "+longestRun.String())
	// Flags may also stand behind the names of targets.
	for rest := args; ; rest = flags.Args()[1:] {
		if err := flags.Parse(rest); err != nil {
			return options{}, err // flags has written it to stderr
		}
		if flags.NArg() == 0 {
			break
		}
		o.checked = append(o.checked, flags.Arg(0))
	}
	err := o.validate()
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%v\nRun demo -h for the flags.\n", err)
	}
	return o, err
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ", ") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// validate reports all that is wrong with the options together.
func (o options) validate() error {
	var found []error
	bad := func(format string, a ...any) { found = append(found, fmt.Errorf(format, a...)) }
	if len(o.checked) > 0 && !o.check {
		bad("unexpected argument %q: only -check takes names, of targets", o.checked[0])
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
	return errors.Join(found...)
}
