package actors

import (
	"bytes"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/virtualtime"
)

var errPlain = errors.New("plain failure")

// bubble runs f in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	virtualtime.Run(t, f)
}

// pass lets virtual time go on.
func pass(d time.Duration) { virtualtime.Pass(d) }

// soon gives what comes out of ch, and fails if nothing ever does.
func soon[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	return virtualtime.Soon(t, ch, what)
}

// goroutine names the goroutine it is called on.
func goroutine() string {
	stack := make([]byte, 64)
	stack = stack[:runtime.Stack(stack, false)]
	name, _, _ := bytes.Cut(stack, []byte(" ["))
	return string(name)
}

// newSystem makes a quiet actor system that ends with the test.
func newSystem(t testing.TB) *actor.ActorSystem {
	t.Helper()
	system := NewSystem()
	t.Cleanup(system.Shutdown)
	return system
}

// notes is a list that several goroutines write to.
type notes[T any] struct {
	mu  sync.Mutex
	all []T
}

func (n *notes[T]) add(v T) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, v)
}

func (n *notes[T]) list() []T {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]T(nil), n.all...)
}

// failure is what a supervisor is told of a child.
type failure struct {
	child           *actor.PID
	reason, message any
}

// parent is an actor for others to be children of. It runs the functions it
// is sent, and hands the failures of its children to the test.
type parent struct {
	ref      *Ref
	failures chan failure
}

func (p *parent) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case func(actor.Context):
		m(c)
	case *actor.Stopped:
		p.ref.Close()
	}
}

func (p *parent) HandleFailure(_ *actor.ActorSystem, _ actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, message any) {
	p.failures <- failure{child, reason, message}
}

func newParent(t testing.TB) *parent {
	t.Helper()
	p := &parent{failures: make(chan failure, 64)}
	ref, err := supervise(newSystem(t).Root, "parent", p, func(any) {})
	require.NoError(t, err)
	p.ref = ref
	return p
}

// do runs f on the parent and returns when it has.
func (p *parent) do(f func(actor.Context)) {
	done := make(chan struct{})
	p.ref.Tell(func(c actor.Context) {
		defer close(done)
		f(c)
	})
	<-done
}

// gone tells when an actor has left its system.
func gone(system *actor.ActorSystem, r *Ref) bool {
	_, alive := system.ProcessRegistry.GetLocal(r.ID())
	return !alive
}

func (p *parent) system() *actor.ActorSystem {
	var system *actor.ActorSystem
	p.do(func(c actor.Context) { system = c.ActorSystem() })
	return system
}

// supervise starts a as a child of parent.
func supervise(parent actor.SpawnerContext, name string, a actor.Actor, undeliverable func(any)) (*Ref, error) {
	r := NewRef(undeliverable)
	if err := r.Start(parent, name, a); err != nil {
		return nil, err
	}
	return r, nil
}
