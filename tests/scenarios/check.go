package scenarios

import (
	"errors"
	"fmt"
	"slices"

	"github.com/holdfast-go/holdfast/supervisor"
)

// Check gives all that is wrong with what the ledger has seen, by invariant.
func Check(l *Ledger) []string {
	c := &checker{Ledger: l, wrong: slices.Clone(l.Wrong)}
	c.prepare()
	c.outcomes()
	for _, op := range c.Ops {
		c.attempts(op)
		c.freed(op)
		c.crashes(op)
	}
	c.reloaded()
	c.shutdowns()
	c.bystanders()
	if !c.Missed {
		c.breakers()
		c.waits()
	}
	c.bounds()
	c.atRest()
	return c.wrong
}

// checker judges a ledger. What it can't know for certain, as where two things
// happen at one moment, it lets pass.
type checker struct {
	*Ledger
	wrong []string
	facts map[string]*facts     // by the name that functions and events see
	byID  map[string][]*Attempt // by the operation id that functions see
}

func (c *checker) fail(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// name is how a report calls an operation.
func (op *Op) name() string { return fmt.Sprintf("operation %s (%d)", op.Call.ID, op.Serial) }

// outcomes is I1: one outcome each, a typed one if nothing ran, and the value
// of a function that ended well.
func (c *checker) outcomes() {
	for _, op := range c.Ops {
		if n := len(op.Outcomes); n != 1 {
			c.fail("I1: %s has %d outcomes", op.name(), n)
			continue
		}
		switch o := op.Outcomes[0]; {
		case o.Exited:
			if op.Call.Way != Do || !op.exited() {
				c.fail("I10: the goroutine of %s was ended though none of its functions did so", op.name())
			}
		case o.Err == nil:
			c.value(op, o)
		case len(op.Attempts) == 0 && !typed(o.Err):
			c.fail("I1: %s never ran, and its error is a %T", op.name(), o.Err)
		case len(op.Attempts) > 0 && op.refusal(o.Err):
			c.fail("I1: %s ran, and its error says it did not: %T", op.name(), o.Err)
		}
	}
}

func (op *Op) exited() bool {
	for _, a := range op.Attempts {
		if a.How == "exit" || a.How == "" || exits(a.Deed) {
			return true
		}
	}
	return false
}

// exits says whether a function may end its goroutine: by what it does itself, or by
// what a call within it, at any depth, does there or hands out.
func exits(d Deed) bool {
	if d.Result == "goexit" || d.Result == "exit_error" {
		return true
	}
	for _, within := range d.Within {
		if slices.ContainsFunc(within.Deeds, exits) {
			return true
		}
	}
	return false
}

func (c *checker) value(op *Op, o Outcome) {
	if o.Value == resorted {
		if op.Resorted != 1 {
			c.fail("I1: %s has its fallback's value, which was called %d times", op.name(), op.Resorted)
		}
		return
	}
	for _, a := range op.Attempts {
		if a.Value == o.Value && a.How == "ok" {
			return
		}
	}
	c.fail("I1: %s succeeded with %d, which no function of it returned", op.name(), o.Value)
}

// typed says whether the error is one of those for operations that never ran.
func typed(err error) bool {
	switch e := err.(type) {
	case *supervisor.OpenError, *supervisor.RejectedError, *supervisor.FactoryError, *supervisor.InjectedError, *supervisor.PanicError:
		return true
	case *supervisor.ExhaustedError:
		return e.Err == nil || typed(e.Err)
	case *supervisor.AttemptTimeoutError:
		return true
	case *supervisor.FallbackError:
		for _, err := range e.Errs {
			if !typed(err) {
				return false
			}
		}
		return true
	}
	return err == errFellBack || errors.Is(err, errNobody)
}

// refusal says whether the error is that of an operation that never ran, and
// not what a function of it had from an inner one.
func (op *Op) refusal(err error) bool {
	for _, a := range op.Attempts {
		if a.Err == err || a.Deed.Result == "inner" {
			return false
		}
	}
	switch e := err.(type) {
	case *supervisor.OpenError, *supervisor.RejectedError:
		return true
	case *supervisor.FallbackError:
		for _, err := range e.Errs {
			if !op.refusal(err) {
				return false
			}
		}
		return true
	}
	return false
}
