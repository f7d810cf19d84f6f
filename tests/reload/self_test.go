package reload_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// play is a storm without a supervisor, in which the test plays operations. A
// version is in force and the next is about to be.
type play struct {
	*storm
	now int64
}

// find gives a play and an operation on a target that goes as wanted in it.
func find(t *testing.T, target string, wanted func(course) bool) (p play, i int64) {
	t.Helper()
	for v := int64(10); v < 20; v++ {
		for i := range int64(100) {
			p := play{&storm{seed: 1}, v}
			p.applied.Store(v)
			p.begun.Store(v + 1)
			op := p.newOperation(context.Background(), i, target)
			if wanted(predict(rulesOf(p.seed, v, target), target, op.fate)) {
				return p, i
			}
		}
	}
	require.FailNow(t, "no such operation", target)
	return play{}, 0
}

// send has operation i go as a version has it, after edit.
func (p play) send(i int64, target string, version int64, edit func(op *operation, c *course)) {
	op := p.newOperation(context.Background(), i, target)
	op.accepted()
	c := predict(rulesOf(p.seed, version, target), target, op.fate)
	if edit != nil {
		edit(op, &c)
	}
	op.attempts.Store(int64(c.attempts))
	op.stamp.Store(int64(c.stamp))
	op.settle(i, c.err(op))
}

// err is what an operation with this course ends with.
func (c course) err(op *operation) error {
	var last error
	if c.attempts > 0 {
		if f := op.fate(c.attempts); f != nil {
			last = f.err
			if f.err == nil {
				last = &classifiedPanic{errPlain}
			}
		}
	}
	switch c.ending {
	case succeeded:
		return nil
	case ownError:
		return last
	case refused:
		return &supervisor.OpenError{}
	case withdrawn:
		return &supervisor.RejectedError{Err: errWithdrawn}
	}
	return &supervisor.ExhaustedError{Attempts: c.attempts, Reason: retry.Reason(c.ending), Waited: c.waited, Err: last}
}

// If this fails, the account overlooks what it is there to find, and the reload
// tests prove nothing.
func TestTheAccountFindsEachViolation(t *testing.T) {
	exhausts := func(c course) bool { return c.ending == ending(retry.MaxAttempts) && c.attempts > 1 }
	fails := func(c course) bool { return c.ending == ownError && c.attempts > 1 }
	whatever := func(c course) bool { return c.ending == succeeded || c.ending == refused }
	for name, c := range map[string]struct {
		target  string
		wanted  func(course) bool
		version int64 // after the one in force
		edit    func(op *operation, c *course)
	}{
		"a version that was replaced":     {stamped, whatever, -1, nil},
		"a version that was not there":    {stamped, whatever, 2, nil},
		"attempts of different versions":  {stamped, whatever, 0, func(op *operation, _ *course) { op.torn.Store(true) }},
		"an attempt too few":              {stamped, fails, 0, func(_ *operation, c *course) { c.attempts-- }},
		"an attempt too many":             {counted, exhausts, 0, func(_ *operation, c *course) { c.attempts++ }},
		"another wait":                    {counted, exhausts, 0, func(_ *operation, c *course) { c.waited += time.Nanosecond }},
		"another reason":                  {counted, exhausts, 0, func(_ *operation, c *course) { c.ending = ending(retry.NotRetryable) }},
		"its own error, though exhausted": {counted, exhausts, 0, func(_ *operation, c *course) { c.ending = ownError }},
		"exhausted, though not retryable": {stateful, fails, 0, func(_ *operation, c *course) { c.ending = ending(retry.MaxAttempts) }},
		"a refusal":                       {stamped, whatever, 0, func(_ *operation, c *course) { *c = course{ending: refused} }},
		"a run through an open breaker":   {tripped, whatever, 0, func(_ *operation, c *course) { c.attempts, c.ending = 1, succeeded }},
	} {
		p, i := find(t, c.target, c.wanted)
		p.send(i, c.target, p.now, nil)
		require.Zero(t, p.mixed.Load(), "%s: all is well before", name)
		p.send(i, c.target, p.now+c.version, c.edit)
		assert.EqualValues(t, 1, p.mixed.Load(), name)
		assert.Len(t, p.complaints(), 1, name)
	}

	p, i := find(t, stamped, whatever)
	p.started.Add(2)
	op := p.newOperation(context.Background(), i, stamped)
	c := predict(rulesOf(p.seed, p.now, stamped), stamped, op.fate)
	op.attempts.Store(int64(c.attempts))
	op.stamp.Store(int64(c.stamp))
	op.settle(i+1, c.err(op))
	assert.EqualValues(t, 1, p.wrong.Load(), "the value of another")
	assert.Zero(t, p.double.Load()+p.mixed.Load())
	op.settle(i, nil)
	assert.EqualValues(t, 1, p.double.Load(), "a second outcome")
	k := &keptBreakers{lost: map[string]string{}}
	k.compare(failing, kept{state: breaker.Closed}, kept{state: breaker.Closed})
	assert.Equal(t, "2 operations, 3 reloads: 1 lost, 1 double, 0 mixed, breaker states kept (0 operations lived through a reload)", p.verdict(3, k))
	k.compare(failing, kept{state: breaker.Closed}, kept{state: breaker.Open})
	assert.Contains(t, p.verdict(3, k), "breaker states LOST")
}

// If this fails, two versions in a row look alike, and nobody would see an
// operation that has taken from both.
func TestVersionsCanBeToldApart(t *testing.T) {
	for _, target := range []string{stamped, counted, stateful, swinging, forced} {
		same, all := 0, 0
		for v := range int64(100) {
			for i := range int64(20) {
				fate := func(n int) *fault { return fateOf(1, i, target, n) }
				all++
				if predict(rulesOf(1, v, target), target, fate) == predict(rulesOf(1, v+1, target), target, fate) {
					same++
				}
			}
		}
		assert.Less(t, same, all*6/10, "%s: operations that tell nothing", target)
	}
}
