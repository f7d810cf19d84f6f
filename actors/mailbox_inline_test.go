package actors

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
)

// If it failed, an inline caller would run its attempt while the worker is
// being restarted, or for ever wait for a restart that is over.
func TestAnInlineSenderWaitsWhileASystemMessageRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := make(chan struct{})
		var ran []string
		box, lost := boxFor(t, onCaller, &invoker{
			system: func(any) { <-busy },
			user:   func(any) { ran = append(ran, goroutine()) },
		})
		go box.PostSystemMessage(&note{})
		synctest.Wait()
		var senders []string
		var mu sync.Mutex
		for range 3 {
			go func() {
				mu.Lock()
				senders = append(senders, goroutine())
				mu.Unlock()
				box.runHere(&Task{})
			}()
		}
		synctest.Wait()
		assert.Empty(t, ran)
		close(busy)
		synctest.Wait()
		assert.ElementsMatch(t, senders, ran, "each runs on the goroutine that sent it")
		assert.Empty(t, lost.list())
	})
}

// If it failed, the sender of an inline task would return before it has run.
func TestAnInlineTaskHasEndedWhenTheSendReturns(t *testing.T) {
	ran := 0
	box, _ := boxFor(t, onCaller, &invoker{user: func(any) { ran++ }})
	for n := 1; n <= 3; n++ {
		box.runHere(&Task{})
		assert.Equal(t, n, ran)
	}
}

// If it failed, an inline sender would wait for ever for an actor whose
// supervisor has not decided yet, and who is perhaps itself that supervisor.
func TestAnInlineTaskForASuspendedActorComesBack(t *testing.T) {
	box, lost := boxFor(t, onCaller, &invoker{user: func(any) { assert.Fail(t, "it ran") }})
	box.PostSystemMessage(&actor.SuspendMailbox{})
	task := &Task{}
	box.runHere(task)
	assert.Equal(t, []any{task}, lost.list())
}

func TestAnInlineTaskForAClosedMailboxComesBack(t *testing.T) {
	box, lost := boxFor(t, onCaller, &invoker{user: func(any) { assert.Fail(t, "it ran") }})
	box.close()
	task := &Task{}
	box.runHere(task)
	assert.Equal(t, []any{task}, lost.list())
}

// If it failed, an inline sender that waits while the actor stops would wait
// for ever.
func TestAnInlineSenderThatWaitsForAStoppingActorComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := make(chan struct{})
		i := &invoker{user: func(any) { assert.Fail(t, "it ran") }}
		box, lost := boxFor(t, onCaller, i)
		i.system = func(any) {
			<-busy
			box.close()
		}
		go box.PostSystemMessage(&actor.Stop{})
		synctest.Wait()
		tasks := []any{&Task{}, &Task{}, &Task{}}
		for _, task := range tasks {
			go box.runHere(task)
		}
		synctest.Wait()
		close(busy)
		synctest.Wait()
		assert.ElementsMatch(t, tasks, lost.list())
	})
}

// If it failed, messages that came while an inline task ran would be left
// until the next one, or run on a caller they have nothing to do with.
func TestTasksThatComeDuringAnInlineOneGoElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first, second string
		here := &Task{}
		i := &invoker{}
		box, _ := boxFor(t, onCaller, i)
		i.user = func(m any) {
			if m == any(here) {
				first = goroutine()
				box.PostUserMessage(&Task{})
				return
			}
			second = goroutine()
		}
		box.runHere(here)
		synctest.Wait()
		assert.Equal(t, goroutine(), first)
		assert.NotEmpty(t, second)
		assert.NotEqual(t, first, second)
	})
}
