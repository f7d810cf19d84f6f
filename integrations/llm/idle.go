package llm

import (
	"fmt"
	"time"
)

// IdleError says that a stream fell silent for longer than [IdleTimeout] allows.
type IdleError struct {
	// Idle is how long nothing came.
	Idle time.Duration
}

func (e *IdleError) Error() string {
	return fmt.Sprintf("the model's stream was silent for %s", e.Idle)
}

// Timeout makes it a timeout, as in package net.
func (e *IdleError) Timeout() bool { return true }
