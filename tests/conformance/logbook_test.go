package conformance_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// line is one line that was logged.
type line struct {
	level   slog.Level
	message string
	attrs   map[string]any
}

// logbook keeps what is logged.
type logbook struct {
	mu    sync.Mutex
	lines []line
}

func (b *logbook) Enabled(context.Context, slog.Level) bool { return true }
func (b *logbook) WithAttrs([]slog.Attr) slog.Handler       { return b }
func (b *logbook) WithGroup(string) slog.Handler            { return b }

func (b *logbook) Handle(_ context.Context, r slog.Record) error {
	l := line{level: r.Level, message: r.Message, attrs: map[string]any{}}
	r.Attrs(func(a slog.Attr) bool { l.attrs[a.Key] = a.Value.Any(); return true })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, l)
	return nil
}

func (b *logbook) where(keep func(line) bool) []line {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.lines), func(l line) bool { return !keep(l) })
}

// naming returns the lines whose message holds the text.
func (b *logbook) naming(text string) []line {
	return b.where(func(l line) bool { return strings.Contains(l.message, text) })
}

func (b *logbook) at(level slog.Level) []line {
	return b.where(func(l line) bool { return l.level == level })
}

// journal keeps what a subscriber hears.
type journal struct {
	mu     sync.Mutex
	events []actors.Event
}

// listen starts a journal. In a bubble, read it after synctest.Wait.
func listen(sup *supervisor.Supervisor) *journal {
	j := &journal{}
	sup.Subscribe(func(e actors.Event) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.events = append(j.events, e)
	})
	return j
}

// heard returns the events of one type, in order.
func heard[E actors.Event](j *journal) []E {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []E
	for _, e := range j.events {
		if e, ok := e.(E); ok {
			all = append(all, e)
		}
	}
	return all
}

// states returns the states a breaker went through.
func (j *journal) states() []breaker.State {
	var all []breaker.State
	for _, e := range heard[actors.BreakerChanged](j) {
		all = append(all, e.Transition.To)
	}
	return all
}

func assertBetween(t *testing.T, least, most, got time.Duration) {
	t.Helper()
	assert.True(t, got >= least && got <= most, "%s is not between %s and %s", got, least, most)
}
