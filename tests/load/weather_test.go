//go:build unix

package load_test

import (
	"fmt"
	"syscall"
	"time"

	"github.com/holdfast-go/holdfast/internal/flaky"
)

// weather is what happens to the service, again and again.
type weather struct {
	service              *process
	rounds, kills, stops int
}

// each is how long a phase lasts.
const each = 60 * time.Millisecond

// blow goes through all weathers until calm, at least once, and leaves the
// service well.
func (w *weather) blow(calm <-chan struct{}) error {
	for {
		for _, phase := range []flaky.Phase{flaky.Healthy, flaky.Slow, flaky.Healthy, flaky.Down, flaky.Overloaded,
			flaky.Recovering, flaky.Dripping, flaky.Resetting, flaky.Healthy} {
			if err := w.service.enter(phase); err != nil {
				return err
			}
			<-time.After(each)
		}
		if err := w.suspend(); err != nil {
			return fmt.Errorf("stop: %w", err)
		}
		<-time.After(each)
		if err := w.murder(); err != nil {
			return fmt.Errorf("kill: %w", err)
		}
		w.rounds++
		select {
		case <-calm:
			return nil
		default:
		}
	}
}

// suspend stops the process for longer than an attempt may take: its port is
// open, and nobody answers.
func (w *weather) suspend() error {
	if err := w.service.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	w.stops++
	<-time.After(4 * each)
	return w.service.signal(syscall.SIGCONT)
}

// murder kills the process and, after a while, starts another.
func (w *weather) murder() error {
	if err := w.service.kill(); err != nil {
		return err
	}
	w.kills++
	<-time.After(each)
	return w.service.start()
}
