package outage_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/policies/classify"
)

// phase is how the service is for a while.
type phase struct {
	name     string
	lasts    time.Duration
	failures float64       // the share of calls that fail, whatever they ask
	hopeless float64       // the share of operations that fail however often
	takes    time.Duration // a call
}

// course is what a service goes through.
type course []phase

// mixed has something of everything.
var mixed = course{
	{"well", 2 * time.Minute, 0.01, 0, 50 * time.Millisecond},
	{"flaky", time.Minute, 0.4, 0, 80 * time.Millisecond},
	{"well", time.Minute, 0.01, 0, 50 * time.Millisecond},
	{"down", 2 * time.Minute, 1, 0, 300 * time.Millisecond},
	{"well", time.Minute, 0.01, 0, 50 * time.Millisecond},
	{"half of it hopeless", 2 * time.Minute, 0.01, 0.5, 50 * time.Millisecond},
	{"well", time.Minute, 0.01, 0, 50 * time.Millisecond},
}

// restarts is a service that is restarted every few minutes and back within 8
// to 20 seconds.
func restarts() (c course) {
	for i := range 20 {
		c = append(c, phase{"well", 3 * time.Minute, 0, 0, 50 * time.Millisecond},
			phase{"down", time.Duration(8+i*7%13) * time.Second, 1, 0, 10 * time.Millisecond})
	}
	return append(c, phase{"well", 3 * time.Minute, 0, 0, 50 * time.Millisecond})
}

func (c course) lasting() (all time.Duration) {
	for _, p := range c {
		all += p.lasts
	}
	return all
}

// service is what is called. It counts what reaches it, by phase.
type service struct {
	course course
	began  time.Time

	mu    sync.Mutex
	rnd   *rand.Rand
	calls map[string]int
}

func newService(c course, seed uint64) *service {
	return &service{course: c, began: time.Now(), rnd: rand.New(rand.NewPCG(seed, 1)), calls: map[string]int{}}
}

func (s *service) now() phase {
	passed := time.Since(s.began)
	for _, p := range s.course {
		if passed < p.lasts {
			return p
		}
		passed -= p.lasts
	}
	return s.course[len(s.course)-1]
}

var errDown = classify.Retryable(errors.New("the service failed"))

// call is one call for an operation, of which fate in [0,1) says whether it is
// among the hopeless.
func (s *service) call(ctx context.Context, fate float64) (int, error) {
	p := s.now()
	s.mu.Lock()
	s.calls[p.name]++
	failed := s.rnd.Float64() < p.failures || fate < p.hopeless
	s.mu.Unlock()
	select {
	case <-time.After(p.takes):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if failed {
		return 0, errDown
	}
	return 1, nil
}
