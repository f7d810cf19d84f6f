package actors

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

// everyDispatch names the three ways an actor is run.
var everyDispatch = map[string]dispatch{
	"on the poster": onPoster, "on a goroutine": onGoroutine, "on the caller": onCaller,
}

// invoker stands for the actor behind a mailbox.
type invoker struct {
	t        *testing.T
	user     func(message any)
	system   func(message any)
	escalate func(reason, message any)
	inside   atomic.Int32
}

func (i *invoker) InvokeUserMessage(message any) {
	i.alone()
	defer i.inside.Add(-1)
	if i.user != nil {
		i.user(message)
	}
}

func (i *invoker) InvokeSystemMessage(message any) {
	i.alone()
	defer i.inside.Add(-1)
	if i.system != nil {
		i.system(message)
	}
}

func (i *invoker) EscalateFailure(reason, message any) {
	if i.escalate != nil {
		i.escalate(reason, message)
	}
}

func (i *invoker) alone() {
	assert.EqualValues(i.t, 1, i.inside.Add(1), "the actor runs on two goroutines at once")
}

// boxFor makes a mailbox in front of i. What can't be delivered goes to lost.
func boxFor(t *testing.T, d dispatch, i *invoker) (box *mailbox, lost *notes[any]) {
	i.t = t
	lost = &notes[any]{}
	box = newMailbox(d, lost.add)
	box.RegisterHandlers(i, nil)
	box.started = true
	box.rest()
	box.Start()
	return box, lost
}

// note is a system message of no meaning.
type note struct{ n int }
