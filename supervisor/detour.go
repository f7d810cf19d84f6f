package supervisor

import (
	"sync/atomic"

	"github.com/holdfast-go/holdfast/actors"
)

// detour is the part of a detached operation that only one needs which has
// somewhere to fall back to, or which is itself where another fell back to.
type detour[T any] struct {
	whole  repeatable[T]
	outer  *detached[T]
	failed error // on this target, while it is tried elsewhere
	value  T
	used   bool // value is the outcome's
	// arrived is set by the first that ends it.
	arrived atomic.Bool
}

// repeatable is a body that can be done on another target.
type repeatable[T any] interface {
	body
	// again starts the same on another target, for the operation that falls
	// back to it.
	again(t *Target, o *callOptions, outer *detached[T])
}

// diverts says whether the operation, which ended with err, goes on elsewhere.
// It may run on an actor, so what is done elsewhere is done on a goroutine.
func (d *detached[T]) diverts(err error) bool {
	if d.detour == nil {
		return false
	}
	t, o := d.target, d.options
	if next := t.elsewhere(&d.operation, o, err); next != "" {
		d.detour.failed = err
		return t.sup.errands.run(func() {
			t.fellBack(&d.operation, next, err)
			d.detour.whole.again(t.sup.Target(next), o.there(), d)
		}, d.lost)
	}
	return d.resorts(err)
}

// resorts says whether the operation's own fallback is called, as it then is.
func (d *detached[T]) resorts(failure error) bool {
	last := ownFallback[T](d.options)
	if last == nil || misused(failure) {
		return false
	}
	t := d.target
	return t.sup.errands.run(func() {
		t.fellBack(&d.operation, "", failure)
		value, err := *new(T), error(actors.ErrGoexit)
		defer func() { d.arrive(value, err) }() // even if it ends the goroutine
		value, err = guarded(d.caller(), last, failure)
	}, d.lost)
}

// lost ends an operation that could not be carried on, because a method of its
// context did not return.
func (d *detached[T]) lost(err error) {
	var zero T
	d.arrive(zero, err)
}

// arrive ends an operation that was carried on elsewhere.
func (d *detached[T]) arrive(value T, err error) {
	if !d.detour.arrived.CompareAndSwap(false, true) {
		return
	}
	d.detour.value, d.detour.used = value, true
	d.finish(err)
}

// finish gives the outcome to whoever waits, or to the operation that fell back
// to this one.
func (d *detached[T]) finish(err error) {
	d.err = err
	d.end.give()
	if d.detour == nil || d.detour.outer == nil {
		return
	}
	outer := d.detour.outer
	value, err := d.outcome()
	if err == nil {
		outer.arrive(value, nil)
		return
	}
	failed := failedOnBoth(outer.target.name, outer.detour.failed, d.target.name, err)
	if !outer.resorts(failed) {
		outer.arrive(value, failed)
	}
}
