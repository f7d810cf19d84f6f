package main

import (
	"fmt"
	"io"
	"time"
)

// progress says what is being measured, and about how long the rest takes: what
// was expected of all that is left, whatever the steps before took.
type progress struct {
	w        io.Writer
	expected time.Duration // of all that is left
	said     time.Time
}

// step runs f, which is expected to take so long.
func (p *progress) step(what string, expected time.Duration, f func() error) error {
	if now := time.Now(); p.said.IsZero() || now.Sub(p.said) >= 2*time.Second || expected > 2*time.Second {
		fmt.Fprintf(p.w, "%-44s about %s left\n", what, p.expected.Round(time.Second))
		p.said = now
	}
	err := f()
	p.expected = max(0, p.expected-expected)
	return err
}
