package actors

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
)

// If it failed, a message to an actor that stops would vanish, and whoever
// waits for its answer would wait for ever; or it would be answered twice.
func TestCloseHandsBackWhatWasNotDelivered(t *testing.T) {
	for name, d := range everyDispatch {
		t.Run(name, func(t *testing.T) {
			box, lost := boxFor(t, d, &invoker{user: func(any) { assert.Fail(t, "it was delivered") }})
			box.PostSystemMessage(&actor.SuspendMailbox{}) // so that they stay in the queue
			settled(box)
			box.PostUserMessage(1)
			box.PostUserMessage(2)
			assert.Empty(t, lost.list())
			box.close()
			assert.Equal(t, []any{1, 2}, lost.list())
			box.PostUserMessage(3)
			assert.Equal(t, []any{1, 2, 3}, lost.list(), "what comes later comes back at once")
			box.close()
			assert.Equal(t, []any{1, 2, 3}, lost.list(), "once each")
		})
	}
}

// settled waits until the mailbox has taken in
// its system messages.
func settled(box *mailbox) {
	for {
		box.mu.Lock()
		done := box.phase.Load()&running == 0 && box.system.len() == 0
		box.mu.Unlock()
		if done {
			return
		}
		runtime.Gosched()
	}
}

// The same while many send: each message is either handled or handed back.
func TestCloseDuringATrafficJamLosesNothing(t *testing.T) {
	const posters, each = 6, 200
	for name, d := range everyDispatch {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				seen := map[any]int{}
				see := func(m any) {
					mu.Lock()
					defer mu.Unlock()
					seen[m]++
				}
				i := &invoker{t: t, user: see}
				box := newMailbox(d, see)
				box.RegisterHandlers(i, nil)
				box.started = true
				i.system = func(any) { box.close() }
				for from := range posters {
					go func() {
						for n := range each {
							box.PostUserMessage([2]int{from, n})
							if from == 0 && n == each/2 {
								box.PostSystemMessage(&actor.Stop{})
							}
						}
					}()
				}
				synctest.Wait()
				assert.Len(t, seen, posters*each)
				for m, times := range seen {
					assert.Equal(t, 1, times, "%v", m)
				}
			})
		})
	}
}

// If it failed, a restart that crosses a stop would bring an incarnation to
// life that nobody knows and nobody can stop.
func TestARestartAfterAStopIsDropped(t *testing.T) {
	var got []any
	box, _ := boxFor(t, onPoster, &invoker{system: func(m any) { got = append(got, m) }})
	again, stop := &actor.Restart{}, &actor.Stop{}
	box.PostSystemMessage(again)
	box.PostSystemMessage(stop)
	box.PostSystemMessage(again)
	last := &note{}
	box.PostSystemMessage(last)
	assert.Equal(t, []any{again, stop, last}, got)
}

// If it failed, a panic that gets past an actor's own boundary would end the
// process, or leave the actor deaf for ever.
func TestAPanicIsEscalatedAndTheQueueGoesOn(t *testing.T) {
	for name, d := range everyDispatch {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []any
				type escalation struct{ reason, message any }
				var escalated []escalation
				i := &invoker{escalate: func(reason, message any) {
					escalated = append(escalated, escalation{reason, message})
				}}
				box, _ := boxFor(t, d, i)
				i.user = func(m any) {
					got = append(got, m)
					if m == "bad" {
						box.PostUserMessage("good")
						panic("boom")
					}
				}
				box.PostUserMessage("bad")
				synctest.Wait()
				assert.Equal(t, []any{"bad", "good"}, got)
				assert.Equal(t, []escalation{{"boom", "bad"}}, escalated)
			})
		})
	}
}

// If it failed, runtime.Goexit in an actor (a FailNow of a test in a worker)
// would leave its mailbox busy for ever.
func TestAGoexitEndsTheGoroutineAndTheQueueGoesOn(t *testing.T) {
	for name, d := range everyDispatch {
		for kind, bad := range map[string]any{"user": "bad", "inline": &Task{}, "system": &note{}} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var got []any
					i := &invoker{escalate: func(reason, _ any) { assert.Fail(t, "escalated", "%v", reason) }}
					box, _ := boxFor(t, d, i)
					exit := func() {
						box.PostUserMessage("good")
						runtime.Goexit()
					}
					i.system = func(any) { exit() }
					i.user = func(m any) {
						if m == bad {
							exit()
						}
						got = append(got, m)
					}
					go func() {
						switch kind {
						case "system":
							box.PostSystemMessage(bad)
						case "inline":
							box.runHere(bad)
						default:
							box.PostUserMessage(bad)
						}
					}()
					synctest.Wait()
					assert.Equal(t, []any{"good"}, got)
					box.PostUserMessage("later")
					synctest.Wait()
					assert.Equal(t, []any{"good", "later"}, got)
				})
			})
		}
	}
}
