package classify

import "errors"

// hadNoEffect reports whether err says that the attempt it ended cannot have
// taken effect: a SafeToRetry() bool method that returns true, as pgx has it.
// An error that also carries a status uses it to say more than the status does:
// that the server itself, and not a gateway before it, has refused.
func hadNoEffect(err error) bool {
	e, ok := errors.AsType[interface {
		error
		SafeToRetry() bool
	}](err)
	return ok && e.SafeToRetry()
}
