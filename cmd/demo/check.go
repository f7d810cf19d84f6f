package main

import (
	"fmt"
	"io"

	"github.com/holdfast-go/holdfast/policies"
)

// resolved is one target with every setting of it.
type resolved struct {
	name   string
	policy policies.Policy
	fields []policies.Field
}

// resolve looks the targets up, or all of them where none is named. There is an
// error for each that is unknown.
func resolve(set *policies.Set, targets []string) (all []resolved, unknown []error) {
	if len(targets) == 0 {
		targets = set.Names()
	}
	for _, name := range targets {
		fields, err := set.Explain(name)
		if err != nil {
			unknown = append(unknown, err)
			continue
		}
		policy, _ := set.Target(name) // it is there
		all = append(all, resolved{name, policy, fields})
	}
	return all, unknown
}

// check prints what the policies come to, and returns the exit code.
func check(o options, set *policies.Set, stdout, stderr io.Writer, p palette) int {
	targets, unknown := resolve(set, o.checked)
	for _, err := range unknown {
		_, _ = fmt.Fprintf(stderr, "demo: %v\n", err)
	}
	if len(unknown) > 0 {
		return exitUnusable
	}
	var err error
	if o.json {
		err = writeCheckJSON(stdout, targets)
	} else {
		err = writeCheck(stdout, p, o.config, set, targets, len(o.checked) > 0)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "demo: %v\n", err)
		return exitFailed
	}
	return exitOK
}
