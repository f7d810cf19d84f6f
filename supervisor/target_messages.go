package supervisor

import (
	"time"

	"github.com/holdfast-go/holdfast/actors"
)

// What a target's supervisor is told. With the failures of its children these
// are all it acts on.
type (
	// admit: an operation wants to run and the short way in was not open.
	admit struct{ op *operation }
	// admitted: the breaker has answered for an operation that asked it.
	admitted struct {
		op *operation
		actors.Admission
	}
	// returned: an inline caller gives back the worker it was woken with.
	returned struct {
		op     *operation
		worker *worker
		left   error // why its context is done, nil if it isn't
	}
	// bounced: the worker had stopped; the operation did not run.
	bounced struct {
		op      *operation
		worker  *worker
		attempt *watched // nil unless it was one
	}
	// freed: a worker is free while operations wait for one.
	freed struct{ worker *worker }
	// freshened: a stateful worker's fresh incarnation is up.
	freshened struct{ worker *worker }
	// settled: the breaker has taken in a failed attempt.
	settled struct {
		to      *Target
		op      *operation
		worker  *worker
		attempt *watched // nil unless it was one
	}
	// overdue: an attempt was left behind at its timeout.
	overdue struct{ attempt *watched }
	// slow: an attempt has run for so long that another may begin beside it.
	slow struct {
		attempt *watched
		after   time.Duration
	}
	// lateReturn: the function of one has returned after all, without an error.
	lateReturn struct{ attempt *watched }
	// withdraw: the caller's context is done.
	withdraw struct {
		op    *operation
		cause error
	}
	// moved: the breaker may let more, or less, through than before.
	moved struct{}
	// probeAdmitted: the breaker has answered for the target's own probe.
	probeAdmitted struct{ actors.Admission }
	// probed: the breaker has taken in the outcome of the target's own probe.
	probed struct {
		*probeRun
		took time.Duration
	}
	// probeDue: the wait after a probe is over.
	probeDue struct{ generation uint64 }
	// due: the first backoff is over.
	due struct{}
	// turn: the next attempt may begin.
	turn struct{}
	// reportRefusals: calls were refused since the last report.
	reportRefusals struct{}
	// refusalsDue: the time for the report has come.
	refusalsDue struct{}
	// shedDue: the time to tell of operations that were refused has come.
	shedDue struct{}
	// overspentDue: the time to tell of retries that were not affordable has
	// come.
	overspentDue struct{}
	// limitMoved: an adaptive limit is another one than was told last.
	limitMoved struct{}
	// applyPolicy: another policy holds for operations to come.
	applyPolicy struct {
		policy  *resolved
		breaker bool // has other settings
		done    chan<- struct{}
	}
	// halt: take no more operations and reject those that wait.
	halt struct {
		reason error
		done   chan<- (<-chan struct{}) // gets a channel that closes when nothing runs
	}
	// startAgain: undo a halt for too many restarts.
	startAgain struct{ done chan<- error }
	// renew: replace every worker, as the parent decided.
	renew struct{}
)

// Settled implements [actors.Settler].
func (m *settled) Settled() { m.to.tell(m) }

// Settled implements [actors.Settler].
func (m *probed) Settled() { m.target.tell(m) }
