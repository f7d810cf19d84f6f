package linear

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/anishathalye/porcupine"

	"github.com/holdfast-go/holdfast/supervisor"
)

// recorder keeps a history. Its clock only counts, so that no two moments are
// the same.
type recorder struct {
	clock atomic.Int64
	mu    sync.Mutex
	steps []porcupine.Operation
}

func (r *recorder) now() int64 { return r.clock.Add(1) }

func (r *recorder) add(st step, answer string, call, end int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, porcupine.Operation{ClientId: st.client, Input: st, Output: answer, Call: call, Return: end})
}

// client is one caller.
type client struct {
	*recorder
	number int
	random *rand.Rand
	sup    *supervisor.Supervisor
	target string
}

var errFails = errors.New("the call fails")

// call does one call, which ends well or not.
func (c *client) call() {
	ok := c.random.IntN(3) > 0
	yields := c.random.IntN(3)
	begun := int64(0)
	called := c.now()
	fn := func(context.Context) (int, error) {
		begun = c.now()
		for range yields {
			runtime.Gosched()
		}
		if ok {
			return 1, nil
		}
		return 0, errFails
	}
	var err error
	if c.random.IntN(3) > 0 {
		_, err = supervisor.Do(context.Background(), c.sup, c.target, fn)
	} else {
		_, err = supervisor.Go(context.Background(), c.sup, c.target, fn).Wait(context.Background())
	}
	end := c.now()
	if begun == 0 {
		answer := refused
		if !errors.Is(err, supervisor.ErrOpen) {
			answer = "refused with " + err.Error()
		}
		c.add(step{c.number, enter}, answer, called, end)
		return
	}
	c.add(step{c.number, enter}, admitted, called, begun)
	how := settleFailed
	if err == nil {
		how = settleOK
	}
	// It begins when the function does: nothing is seen of what lies between.
	c.add(step{c.number, how}, "", begun, end)
}

// act does something at random, mostly a call.
func (c *client) act() {
	b := c.sup.Breaker(c.target)
	draw := c.random.IntN(100)
	st, answer, called := step{c.number, reset}, "", c.now()
	switch {
	case draw < 85:
		c.call()
		return
	case draw < 92:
		st.action, answer = read, b.State().String()
	case draw < 95:
		b.Reset()
	case draw < 96:
		st.action = forceOpen
		b.ForceOpen()
	case draw < 98:
		st.action = forceProbing
		b.ForceOpenFor(0)
	case draw < 99:
		st.action = forceClose
		b.ForceClose()
	default:
		st.action = disable
		b.Disable()
	}
	c.add(st, answer, called, c.now())
}

// record lets all clients do n things together, and gives their history. The breaker
// is closed and counts nothing before, and nobody calls.
func record(sup *supervisor.Supervisor, target string, n int, random *rand.Rand) []porcupine.Operation {
	sup.Breaker(target).Reset()
	r := &recorder{}
	var all sync.WaitGroup
	for number := range clients {
		c := &client{r, number, rand.New(rand.NewPCG(random.Uint64(), random.Uint64())), sup, target}
		all.Go(func() {
			for range n / clients {
				c.act()
			}
		})
	}
	all.Wait()
	return r.steps
}
