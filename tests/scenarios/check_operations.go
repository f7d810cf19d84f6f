package scenarios

import (
	"github.com/holdfast-go/holdfast/supervisor"
)

// attempts is I4: no more than max_attempts, none after a success, none after
// the outcome.
func (c *checker) attempts(op *Op) {
	numbers := map[string]map[int]bool{}
	for _, a := range op.Attempts {
		id := a.Info.OperationID
		if numbers[id] == nil {
			numbers[id] = map[int]bool{}
		}
		if numbers[id][a.Info.Number] {
			c.fail("I4: %s has had its attempt %d on %s twice", op.name(), a.Info.Number, a.Info.Target)
		}
		numbers[id][a.Info.Number] = true
		if a.Info.Number > a.Info.MaxAttempts || len(numbers[id]) > a.Info.MaxAttempts {
			c.fail("I4: %s has had attempt %d of %d on %s", op.name(), a.Info.Number, a.Info.MaxAttempts, a.Info.Target)
		}
		for _, before := range op.Attempts {
			if before.How != "ok" || before.Ended.Seq > a.Begun.Seq || !c.inTime(before) || c.of(a.Info.Target).late() {
				continue
			}
			// A race may have been lost before the success, and the operation gone on
			// elsewhere; and what begins at its very moment may have begun before it.
			if c.of(before.Info.Target).hedges() && (before.Ended.At == a.Begun.At || before.Info.OperationID != a.Info.OperationID) {
				continue
			}
			c.fail("I4: %s began another attempt after a success", op.name())
		}
		for _, o := range op.Outcomes {
			f := c.of(a.Info.Target)
			if f.late() { // it began, and its function did when there was a worker for it
				continue
			}
			inline := op.Call.Way == Do && !f.detached()
			if o.When.At < a.Begun.At || inline && o.When.Seq < a.Begun.Seq {
				c.fail("I4: %s began an attempt after its outcome", op.name())
			}
		}
	}
	c.counted(op)
}

// inTime says whether the attempt ended before its time was up.
func (c *checker) inTime(a *Attempt) bool {
	t, _ := c.timeoutOf(a)
	return t == 0 || !c.of(a.Info.Target).late() && a.Ended.At < a.Begun.At+t
}

// counted compares the number of attempts that an outcome names with those that
// were seen.
func (c *checker) counted(op *Op) {
	if len(op.Outcomes) != 1 {
		return
	}
	for _, a := range op.Attempts {
		if c.of(a.Info.Target).hidden() {
			return
		}
	}
	o := op.Outcomes[0]
	if e, ok := o.Err.(*supervisor.ExhaustedError); ok && !c.inner(op) {
		seen := 0
		for _, a := range c.byID[e.Operation] {
			if a.Begun.Seq < o.When.Seq {
				seen++
			}
		}
		if f := c.of(e.Target); e.Attempts != seen && !f.hidden() && !(f.detached() || op.Call.Way != Do) {
			c.fail("I1: %s says %d attempts, and %d were seen", op.name(), e.Attempts, seen)
		}
	}
}

// inner says whether functions of the operation return what others inside them
// came to.
func (c *checker) inner(op *Op) bool {
	for _, a := range op.Attempts {
		if a.Deed.Result == "inner" {
			return true
		}
	}
	return false
}

// freed is I6: the end of its context frees a caller at once when the attempt is
// detached, and when the function returns when it is inline.
func (c *checker) freed(op *Op) {
	if op.Gone.Never() || len(op.Outcomes) != 1 {
		return
	}
	free := op.Gone.At
	if op.Call.Way == Do {
		for _, a := range op.Attempts {
			if a.Begun.At <= op.Gone.At && !a.Ended.Never() {
				free = max(free, a.Ended.At)
			}
		}
	}
	if at := op.Outcomes[0].When.At; at > free {
		c.fail("I6: the caller of %s was free %s too late", op.name(), at-free)
	}
}

// crashes is I9 and I10: a panic or an exit reaches the caller as such.
func (c *checker) crashes(op *Op) {
	if len(op.Outcomes) != 1 || len(op.Attempts) == 0 || !op.Gone.Never() || c.inner(op) {
		return
	}
	e, ok := op.Outcomes[0].Err.(*supervisor.ExhaustedError)
	if !ok || e.Err == nil {
		return
	}
	last := op.Attempts[len(op.Attempts)-1]
	f := c.of(last.Info.Target)
	if f.hidden() || f.detached() || last.Info.OperationID != e.Operation {
		return
	}
	switch last.How {
	case "panic":
		if p, ok := e.Err.(*supervisor.PanicError); !ok || len(p.Stack) == 0 {
			c.fail("I9: the last attempt of %s panicked, and its error is a %T", op.name(), e.Err)
		}
	case "exit":
		if e.Err != supervisor.ErrGoexit {
			c.fail("I10: the last attempt of %s ended its goroutine, and its error is a %T", op.name(), e.Err)
		}
	}
}

// bystanders is I12: what goes wrong elsewhere is not noticed.
func (c *checker) bystanders() {
	for _, op := range c.Ops {
		if op.Call.Target != Bystander || !op.Gone.Never() || len(op.Outcomes) != 1 {
			continue
		}
		o := op.Outcomes[0]
		if shut := c.shut(); shut.Begun.Seq < o.When.Seq {
			continue
		}
		if o.Err != nil || o.Exited || o.When.At != op.Asked.At {
			c.fail("I12: %s on the bystander came to %v after %s", op.name(), o.Err, o.When.At-op.Asked.At)
		}
	}
}

// shut is the first shutdown.
func (c *checker) shut() *Control {
	for _, control := range c.Controls {
		if control.Step.Verb == Shutdown {
			return control
		}
	}
	return &Control{Begun: Moment{Seq: 1 << 60}}
}
