package scenarios

import (
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
)

// House is an actor system that programs are played in, one after the other.
// It is made outside of the bubbles, which is several times faster than one
// system for each.
type House struct{ system *actor.ActorSystem }

// NewHouse makes one.
func NewHouse() *House { return &House{actors.NewSystem()} }

var played atomic.Int64

// Play plays a program loosely: what it does at one moment races. It returns
// the ledger, and what was seen to be wrong.
func (h *House) Play(t *testing.T, p *Program) (ledger *Ledger, wrong []string) {
	var s *Stage
	stuck := inBubble(t, func() {
		var err error
		if s, err = newStage(p, h.system, fmt.Sprintf("play-%d", played.Add(1)), nil); err != nil {
			panic("a program that can't be: " + err.Error())
		}
		s.play(true)
		s.finish()
	})
	if stuck != "" {
		h.system = actors.NewSystem() // what is stuck stays in the old one
		return nil, []string{"I1: everything waits for everything: " + stuck}
	}
	return s.ledger, Check(s.ledger)
}

// Trace plays a program step by step and returns what happens after each, as
// text, and what was seen to be wrong.
func Trace(t *testing.T, p *Program) (steps, wrong []string) {
	var s *Stage
	tr := &trace{}
	stuck := inBubble(t, func() {
		system := actors.NewSystem()
		tr.from = time.Now()
		var err error
		if s, err = newStage(p, system, "scenario", tr); err != nil {
			panic("a program that can't be: " + err.Error())
		}
		s.play(false)
		steps = tr.steps
		s.trace = nil
		s.finish()
		system.Shutdown()
	})
	if stuck != "" {
		return tr.steps, []string{stuck}
	}
	return steps, Check(s.ledger)
}

// inBubble runs f in virtual time and returns why it could not come to its end,
// "" if it has.
func inBubble(t *testing.T, f func()) (stuck string) {
	defer func() {
		if recovered := recover(); recovered != nil {
			stuck = fmt.Sprint(recovered)
			if !strings.Contains(stuck, "deadlock") {
				stuck += "\n" + string(debug.Stack())
			}
		}
	}()
	synctest.Test(t, func(*testing.T) { f() })
	return ""
}
