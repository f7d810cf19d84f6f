package classify

import "errors"

// NoEffect marks err as the end of an attempt that can't have taken effect: no
// connection could be had, a transaction failed before its commit was sent. The
// operation may then run again even if it is not idempotent. Whether another
// attempt makes sense, and what a breaker counts, still depends on err itself:
// a wrong password is not retried. It returns nil for nil; the mark unwraps to
// err.
//
// The mark speaks for the whole attempt. Don't give it to an error that came up
// after something else within the attempt had taken effect. Joined with other
// errors (errors.Join, two %w) it says nothing, as they may be of another mind.
func NoEffect(err error) error {
	if err == nil {
		return nil
	}
	return &noEffectMark{err}
}

type noEffectMark struct{ error }

func (m *noEffectMark) Unwrap() error { return m.error }

// hadNoEffect reports whether err says that the attempt it ended cannot have
// taken effect: by the mark of [NoEffect], or, if it also carries a status, by a
// SafeToRetry() bool method that returns true. By that it says more than the
// status does: that the server itself, and not a gateway before it, has refused.
// The outermost that speaks is heard. v is what the tables say of err.
func hadNoEffect(v Verdict, err error) bool {
	// errors.Unwrap goes down one chain and not into what is joined.
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e := e.(type) { //nolint:errorlint // the loop does the unwrapping
		case *noEffectMark:
			return true
		case safeRetrier:
			if v.Condition != SQLNotSent && v.Condition != Canceled {
				return e.SafeToRetry()
			}
		}
	}
	return false
}
