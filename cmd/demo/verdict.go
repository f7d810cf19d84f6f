package main

import (
	"errors"
	"fmt"
	"strings"
)

// errNoRecovery says that the built-in run didn't show what it is there for.
var errNoRecovery = errors.New("the breaker did not go closed -> open -> half_open -> closed")

// fullCycle is nil if the breaker opened, probed and closed again. Probes that
// failed in between are part of it.
func fullCycle(transitions []transition) error {
	const closed = "closed"
	path := []string{closed}
	for _, t := range transitions {
		path = append(path, t.To)
	}
	way := []string{closed, "open", "half_open", closed}
	next := 0
	for _, state := range path {
		if next < len(way) && state == way[next] {
			next++
		}
	}
	if next == len(way) {
		return nil
	}
	return fmt.Errorf("%w, but %s", errNoRecovery, strings.Join(path, " -> "))
}
