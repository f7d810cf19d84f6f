package supervisor

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// record is one line of a log.
type record struct {
	level   slog.Level
	message string
	attrs   map[string]string
}

// recorder is a slog handler that keeps what it is given from a level on.
type recorder struct {
	from slog.Level
	hook func()
	mu   sync.Mutex
	all  []record
}

func (r *recorder) Enabled(_ context.Context, l slog.Level) bool { return l >= r.from }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler           { return r }
func (r *recorder) WithGroup(string) slog.Handler                { return r }

func (r *recorder) Handle(_ context.Context, entry slog.Record) error {
	if r.hook != nil {
		r.hook()
	}
	line := record{entry.Level, entry.Message, map[string]string{}}
	entry.Attrs(func(a slog.Attr) bool { line.attrs[a.Key] = a.Value.String(); return true })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, line)
	return nil
}

func (r *recorder) lines() []record {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]record(nil), r.all...)
}

// If it failed, an alarm on level Error would be silent, or ring all day.
func TestEveryEventHasItsLevel(t *testing.T) {
	changed := func(from, to breaker.State) actors.Event {
		return actors.BreakerChanged{Transition: breaker.Transition{From: from, To: to}}
	}
	for _, c := range []struct {
		event actors.Event
		level slog.Level
		attrs int
	}{
		{changed(breaker.Closed, breaker.Open), slog.LevelError, 3},
		{changed(breaker.HalfOpen, breaker.Open), slog.LevelWarn, 3},
		{changed(breaker.Open, breaker.HalfOpen), slog.LevelInfo, 3},
		{changed(breaker.HalfOpen, breaker.Closed), slog.LevelInfo, 3},
		{changed(breaker.Closed, breaker.ForcedOpen), slog.LevelWarn, 3},
		{actors.RetryScheduled{Err: errPlain}, slog.LevelWarn, 4},
		{actors.OperationFailed{Err: errPlain}, slog.LevelError, 3},
		{actors.CallsRefused{}, slog.LevelWarn, 1},
		{actors.RetryBudgetExhausted{}, slog.LevelWarn, 2},
		{actors.AttemptStarted{}, slog.LevelDebug, 3},
		{actors.AttemptFailed{}, slog.LevelDebug, 3},
		{actors.TargetStarted{}, slog.LevelInfo, 0},
		{actors.TargetStopped{}, slog.LevelInfo, 0},
		{actors.PoliciesApplied{}, slog.LevelInfo, 0},
		{actors.OperationParked{}, slog.LevelDebug, 0},
		{actors.WorkerRestarted{}, slog.LevelDebug, 0},
		{actors.WorkerStopped{}, slog.LevelDebug, 0},
		{actors.StaleOutcome{}, slog.LevelDebug, 0},
		{actors.FaultInjected{}, slog.LevelWarn, 5},
	} {
		level, attrs := logged(c.event)
		assert.Equal(t, c.level, level, "%T", c.event)
		assert.Len(t, attrs, c.attrs, "%T", c.event)
	}
}

// If it failed, the log would not tell which operation on which target met what.
func TestTheLogTellsTheStory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := &recorder{from: slog.LevelDebug}
		s := start(t, targets{"x": policy(trips(2), attempts(2))}, WithLogger(slog.New(r)))
		_, err := Do(bg, s, "x", failWith(errTemp))
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		var told []record
		for _, line := range r.lines() {
			assert.Equal(t, "x", line.attrs["target"])
			delete(line.attrs, "target")
			if id, there := line.attrs["operation"]; there {
				assert.Equal(t, exhausted.Operation, id)
				delete(line.attrs, "operation")
			}
			line.message = ""
			told = append(told, line)
		}
		failed := map[string]string{"attempt": "1", "condition": "explicit"}
		again := map[string]string{"attempt": "2", "condition": "explicit"}
		assert.Equal(t, []record{
			{slog.LevelInfo, "", map[string]string{}},
			{slog.LevelDebug, "", map[string]string{"attempt": "1", "max_attempts": "2"}},
			{slog.LevelDebug, "", failed},
			{slog.LevelWarn, "", map[string]string{"attempt": "2", "wait": "1s", "error": "temporary failure"}},
			{slog.LevelDebug, "", map[string]string{}}, // the worker is fresh
			{slog.LevelDebug, "", map[string]string{"attempt": "2", "max_attempts": "2"}},
			{slog.LevelError, "", map[string]string{"from": "closed", "to": "open", "reason": "consecutive_failures"}},
			{slog.LevelDebug, "", again},
			{slog.LevelError, "", map[string]string{"attempts": "2", "error": err.Error()}},
		}, sorted(told))
	})
}

// sorted puts what happens at one moment into one order: the restart of a
// worker and the retry are told by one actor, either first.
func sorted(lines []record) []record {
	for i := 1; i < len(lines); i++ {
		if lines[i].level == slog.LevelWarn && len(lines[i-1].attrs) == 0 {
			lines[i-1], lines[i] = lines[i], lines[i-1]
		}
	}
	return lines
}

// If it failed, a program that logs at Info would pay for an event of every
// attempt.
func TestAttemptsAreOnlyToldAtDebug(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := &recorder{from: slog.LevelInfo}
		s := start(t, targets{"x": policy()}, WithLogger(slog.New(r)))
		j := listen(s)
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		assert.Len(t, r.lines(), 1, "the start of the target")
		assert.Empty(t, eventsOf[actors.AttemptStarted](j))
	})
}

// If it failed, a log that blocks or panics would do the same to operations.
func TestALoggerHoldsUpNothing(t *testing.T) {
	for name, hook := range map[string]func(chan struct{}){
		"blocks": func(free chan struct{}) { <-free },
		"panics": func(chan struct{}) { panic("in the log") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				free := make(chan struct{})
				r := &recorder{from: slog.LevelDebug, hook: func() { hook(free) }}
				s := start(t, targets{"x": policy()}, WithLogger(slog.New(r)))
				began := time.Now()
				calls := 0
				_, err := Do(bg, s, "x", func(context.Context) (int, error) {
					if calls++; calls == 1 {
						return 0, errTemp
					}
					return 1, nil
				})
				assert.NoError(t, err)
				assert.Equal(t, time.Second, time.Since(began))
				close(free)
			})
		})
	}
}
