package actors

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If it failed, an actor's state would be raced for, or a sender's messages
// would arrive in another order than it sent them.
func TestMailboxKeepsEachPostersOrderAndRunsNobodyTwice(t *testing.T) {
	const posters, each = 8, 400
	type message struct{ from, n int }
	for name, d := range everyDispatch {
		t.Run(name, func(t *testing.T) {
			last := make([]int, posters) // plain memory: the race detector watches
			var handled sync.WaitGroup
			handled.Add(posters * each)
			box, lost := boxFor(t, d, &invoker{user: func(m any) {
				got := m.(message)
				assert.Equal(t, last[got.from]+1, got.n)
				last[got.from] = got.n
				handled.Done()
			}})
			for from := range posters {
				go func() {
					for n := 1; n <= each; n++ {
						box.PostUserMessage(message{from, n})
						if n%16 == 0 {
							box.PostSystemMessage(&note{})
						}
					}
				}()
			}
			handled.Wait()
			assert.Empty(t, lost.list())
			assert.Zero(t, box.UserMessageCount())
		})
	}
}

// If it failed, an actor that calls user code would run it on the goroutine
// of whoever happens to tell it something, or one that must be quick would
// cost a goroutine switch.
func TestDispatchDecidesTheGoroutine(t *testing.T) {
	post, runHere := (*mailbox).PostUserMessage, (*mailbox).runHere
	for name, c := range map[string]struct {
		dispatch dispatch
		send     func(*mailbox, any)
		here     bool
	}{
		"on the poster":        {onPoster, post, true},
		"on a goroutine":       {onGoroutine, post, false},
		"inline on the caller": {onCaller, runHere, true},
		"any other elsewhere":  {onCaller, post, false},
	} {
		t.Run(name, func(t *testing.T) {
			ran := make(chan string, 1)
			box, _ := boxFor(t, c.dispatch, &invoker{user: func(any) { ran <- goroutine() }})
			c.send(box, 1)
			assert.Equal(t, c.here, <-ran == goroutine())
		})
	}
}

func TestDispatchOfSystemMessages(t *testing.T) {
	for name, d := range everyDispatch {
		t.Run(name, func(t *testing.T) {
			ran := make(chan string, 1)
			box, _ := boxFor(t, d, &invoker{system: func(any) { ran <- goroutine() }})
			box.PostSystemMessage(&note{})
			assert.Equal(t, d != onGoroutine, <-ran == goroutine())
		})
	}
}

// If it failed, whoever tells a busy actor something could be kept for ever
// handling what others send.
func TestAPosterHandsOverAfterItsBudget(t *testing.T) {
	const others = posterBudget + 100
	for name, post := range map[string]func(*mailbox){
		"a user message":   func(b *mailbox) { b.PostUserMessage(0) },
		"a system message": func(b *mailbox) { b.PostSystemMessage(&note{}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var here, elsewhere, order []int
				self := goroutine()
				i := &invoker{}
				box, _ := boxFor(t, onPoster, i)
				burst := func(any) {
					for n := 1; n <= others; n++ {
						box.PostUserMessage(n)
					}
				}
				i.system = burst
				i.user = func(m any) {
					n := m.(int)
					if n == 0 {
						burst(nil)
						return
					}
					order = append(order, n)
					if goroutine() == self {
						here = append(here, n)
					} else {
						elsewhere = append(elsewhere, n)
					}
				}
				post(box)
				assert.LessOrEqual(t, len(here), posterBudget)
				assert.NotEmpty(t, here, "a poster does its share")
				synctest.Wait()
				assert.Len(t, elsewhere, others-len(here))
				assert.IsIncreasing(t, order)
			})
		})
	}
}

// If it failed, a supervisor that restarts a worker would run the next
// caller's function on its own goroutine.
func TestASystemMessageOnTheCallerDragsNoTaskAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran string
		i := &invoker{user: func(any) { ran = goroutine() }}
		box, _ := boxFor(t, onCaller, i)
		i.system = func(any) { box.PostUserMessage(&Task{}) }
		box.PostSystemMessage(&note{})
		synctest.Wait()
		require.NotEmpty(t, ran)
		assert.NotEqual(t, goroutine(), ran)
	})
}

// If it failed, a stop or a restart would stand in line behind the work.
func TestSystemMessagesOvertake(t *testing.T) {
	for name, d := range everyDispatch {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var order []any
				i := &invoker{system: func(m any) { order = append(order, m.(*note).n) }}
				box, _ := boxFor(t, d, i)
				i.user = func(m any) {
					order = append(order, m)
					if m == "first" {
						box.PostUserMessage("second")
						box.PostSystemMessage(&note{1})
						box.PostSystemMessage(&note{2})
						assert.Equal(t, 1, box.UserMessageCount())
					}
				}
				box.PostUserMessage("first")
				synctest.Wait()
				assert.Equal(t, []any{"first", 1, 2, "second"}, order)
			})
		})
	}
}

// If it failed, a failed actor would go on before its supervisor has decided.
func TestASuspendedMailboxKeepsItsMessages(t *testing.T) {
	for name, d := range everyDispatch {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []any
				box, lost := boxFor(t, d, &invoker{user: func(m any) { got = append(got, m) }})
				box.PostSystemMessage(&actor.SuspendMailbox{})
				synctest.Wait()
				box.PostUserMessage(1)
				box.PostUserMessage(2)
				synctest.Wait()
				assert.Empty(t, got)
				assert.Equal(t, 2, box.UserMessageCount())
				box.PostSystemMessage(&actor.ResumeMailbox{})
				synctest.Wait()
				assert.Equal(t, []any{1, 2}, got)
				assert.Empty(t, lost.list())
			})
		})
	}
}

// If it failed, a message to the PID of an actor that is just being made would
// run it before it is complete.
func TestNothingRunsBeforeTheActorHasStarted(t *testing.T) {
	for _, d := range []dispatch{onPoster, onGoroutine, onCaller} {
		box := newMailbox(d, func(any) {})
		box.PostUserMessage("early")
		box.RegisterHandlers(nil, nil)
		box.PostUserMessage("still early")
		assert.Zero(t, box.phase.Load()&running)
		assert.Equal(t, 2, box.UserMessageCount())
	}
}
