package supervisor

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// If one of these failed, a caller would sleep for ever, or be woken for something
// it has answered already.
func TestAWaiterIsWokenOnceForEachWait(t *testing.T) {
	first, second := &worker{}, &worker{}
	over := func() <-chan struct{} { // made in the bubble
		ch := make(chan struct{})
		close(ch)
		return ch
	}
	type woke struct {
		with *worker
		left bool
	}
	waits := func(w *waiter, gone <-chan struct{}) <-chan woke {
		got := make(chan woke, 1)
		go func() {
			with, left := w.wait(gone)
			got <- woke{with, left}
		}()
		synctest.Wait()
		return got
	}
	for name, run := range map[string]func(t *testing.T, w *waiter){
		"woken before it waits": func(t *testing.T, w *waiter) {
			w.wake(first)
			assert.Equal(t, woke{first, false}, soon(t, waits(w, nil), "the first"))
			assert.Nil(t, w.ready, "a channel that nobody needs")
			w.wake(second)
			assert.Equal(t, woke{second, false}, soon(t, waits(w, nil), "the second"))
		},
		"woken while it waits": func(t *testing.T, w *waiter) {
			for _, with := range []*worker{first, second, nil} {
				got := waits(w, nil)
				assert.Empty(t, got)
				w.wake(with)
				assert.Equal(t, woke{with, false}, soon(t, got, "a wake"))
			}
		},
		"one way and the other": func(t *testing.T, w *waiter) {
			got := waits(w, nil)
			w.wake(first)
			assert.Equal(t, woke{first, false}, soon(t, got, "the first"))
			w.wake(second)
			assert.Equal(t, woke{second, false}, soon(t, waits(w, nil), "the second"))
			got = waits(w, nil)
			assert.Empty(t, got, "nobody has woken it")
			w.wake(nil)
			assert.Equal(t, woke{nil, false}, soon(t, got, "the outcome"))
		},
		"woken after it has left": func(t *testing.T, w *waiter) {
			left := waits(w, over())
			assert.Equal(t, woke{nil, true}, soon(t, left, "the leaving"))
			w.wake(first)
			assert.Equal(t, woke{first, false}, soon(t, waits(w, nil), "what came meanwhile"))
			got := waits(w, nil)
			assert.Empty(t, got, "that was all")
			w.wake(nil)
			assert.Equal(t, woke{nil, false}, soon(t, got, "the outcome"))
		},
		"woken again after it has left": func(t *testing.T, w *waiter) {
			left := waits(w, over())
			assert.Equal(t, woke{nil, true}, soon(t, left, "the leaving"))
			got := waits(w, nil)
			w.wake(nil)
			assert.Equal(t, woke{nil, false}, soon(t, got, "the outcome"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) { run(t, &waiter{}) })
		})
	}
}

// If it failed, an operation in trouble would have no room for what its
// supervisor writes there, or two.
func TestAnInlineOperationHasItsCourseOnce(t *testing.T) {
	op := newTroubled()
	op.inline = true
	course := op.course
	assert.Same(t, course, op.trouble())
	assert.NotNil(t, course.waiter)
	late := &operation{inline: true}
	assert.NotNil(t, late.trouble().waiter, "one that was begun without")
	assert.Nil(t, (&operation{}).trouble().waiter, "no goroutine waits for a detached one")
}
