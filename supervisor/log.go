package supervisor

import (
	"context"
	"log/slog"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// logBuffer is how many events may wait for the logger.
const logBuffer = 8192

// trace tells that an attempt starts, if the logger wants to know.
func (s *Supervisor) trace(op *operation, attempt int) {
	if s.traced {
		s.bus.Publish(actors.AttemptStarted{Header: actors.Header{Target: op.target.name, At: time.Now()},
			Operation: op.id(), Attempt: attempt, MaxAttempts: op.policy.maxAttempts()})
	}
}

// log writes one event.
func (s *Supervisor) log(e actors.Event) {
	level, attrs := logged(e)
	attrs = append(attrs, slog.String("target", e.About().Target))
	s.logger.LogAttrs(context.Background(), level, e.String(), attrs...)
}

// logged gives the level and the attributes of an event.
func logged(e actors.Event) (slog.Level, []slog.Attr) {
	switch e := e.(type) {
	case actors.BreakerChanged:
		return breakerLevel(e), []slog.Attr{
			slog.String("from", e.Transition.From.String()),
			slog.String("to", e.Transition.To.String()),
			slog.String("reason", string(e.Transition.Reason))}
	case actors.RetryScheduled:
		return slog.LevelWarn, []slog.Attr{slog.String("operation", e.Operation),
			slog.Int("attempt", e.Attempt), slog.Duration("wait", e.Wait), slog.Any("error", e.Err)}
	case actors.OperationFailed:
		return slog.LevelError, []slog.Attr{slog.String("operation", e.Operation),
			slog.Int("attempts", e.Attempts), slog.Any("error", e.Err)}
	case actors.AttemptStarted:
		return slog.LevelDebug, []slog.Attr{slog.String("operation", e.Operation),
			slog.Int("attempt", e.Attempt), slog.Int("max_attempts", e.MaxAttempts)}
	case actors.AttemptFailed:
		return slog.LevelDebug, []slog.Attr{slog.String("operation", e.Operation),
			slog.Int("attempt", e.Attempt), slog.String("condition", e.Condition)}
	case actors.AttemptAbandoned:
		return slog.LevelWarn, []slog.Attr{slog.String("operation", e.Operation), slog.Int("attempt", e.Attempt),
			slog.Duration("after", e.After), slog.Int("running", e.Running)}
	case actors.AttemptReturned:
		return slog.LevelInfo, []slog.Attr{slog.String("operation", e.Operation), slog.Int("attempt", e.Attempt),
			slog.Duration("ran", e.Ran), slog.Int("running", e.Running)}
	case actors.TargetPaused:
		return slog.LevelWarn, []slog.Attr{slog.Duration("pause", e.Until.Sub(e.At)), slog.Any("error", e.Err)}
	case actors.RetrySkipped:
		return slog.LevelWarn, []slog.Attr{slog.String("operation", e.Operation), slog.Int("attempt", e.Estimate.Attempt),
			slog.Float64("at_best", e.Estimate.AtBest)}
	case actors.OperationFellBack:
		return slog.LevelWarn, []slog.Attr{slog.String("operation", e.Operation), slog.String("to", e.To), slog.Any("error", e.Err)}
	case actors.LateFailure:
		return slog.LevelWarn, []slog.Attr{slog.String("operation", e.Operation),
			slog.String("condition", e.Condition), slog.Any("error", e.Err)}
	case actors.OperationsShed:
		return slog.LevelWarn, []slog.Attr{slog.Uint64("count", e.Count), slog.Any("reasons", e.Reasons)}
	case actors.CallsRefused:
		return slog.LevelWarn, []slog.Attr{slog.Uint64("count", e.Count)}
	case actors.RetryBudgetExhausted:
		return slog.LevelWarn, []slog.Attr{slog.String("budget", e.Budget), slog.Uint64("count", e.Count)}
	case actors.FaultInjected:
		return slog.LevelWarn, []slog.Attr{slog.String("operation", e.Operation), slog.Int("attempt", e.Attempt),
			slog.Duration("latency", e.Latency), slog.Bool("panic", e.Panic), slog.String("fault", string(e.Failure))}
	case actors.PoliciesRejected:
		return slog.LevelError, []slog.Attr{slog.Any("error", e.Err)}
	case actors.WatchDegraded:
		return slog.LevelWarn, []slog.Attr{slog.Any("error", e.Err)}
	case actors.KeyEvicted:
		return slog.LevelWarn, nil
	case actors.Probed:
		return probeLevel(e), []slog.Attr{slog.String("outcome", e.Outcome.String()), slog.Duration("took", e.Took)}
	case actors.RampStarted:
		return slog.LevelInfo, []slog.Attr{slog.Int("from", e.From), slog.Int("to", e.To)}
	case actors.TargetStarted, actors.TargetStopped, actors.PoliciesApplied, actors.RampEnded:
		return slog.LevelInfo, nil
	default:
		return slog.LevelDebug, nil
	}
}

// probeLevel is Warn for a probe that did not succeed, else Debug.
func probeLevel(e actors.Probed) slog.Level {
	if e.Err != nil {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// breakerLevel is Error for a breaker that trips, Warn for one that goes back
// to open or is opened by hand, Info for the rest.
func breakerLevel(e actors.BreakerChanged) slog.Level {
	switch {
	case e.Transition.To == breaker.ForcedOpen:
		return slog.LevelWarn
	case e.Transition.To != breaker.Open:
		return slog.LevelInfo
	case e.Transition.From == breaker.HalfOpen:
		return slog.LevelWarn
	default:
		return slog.LevelError
	}
}
