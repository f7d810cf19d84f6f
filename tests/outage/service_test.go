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

// course is what the service goes through.
var course = []phase{
	{"well", 2 * time.Minute, 0.01, 0, 50 * time.Millisecond},
	{"flaky", time.Minute, 0.4, 0, 80 * time.Millisecond},
	{"well", time.Minute, 0.01, 0, 50 * time.Millisecond},
	{"down", 2 * time.Minute, 1, 0, 300 * time.Millisecond},
	{"well", time.Minute, 0.01, 0, 50 * time.Millisecond},
	{"half of it hopeless", 2 * time.Minute, 0.01, 0.5, 50 * time.Millisecond},
	{"well", time.Minute, 0.01, 0, 50 * time.Millisecond},
}

func lasting() (all time.Duration) {
	for _, p := range course {
		all += p.lasts
	}
	return all
}

// service is what is called. It counts what reaches it, by phase.
type service struct {
	began time.Time

	mu    sync.Mutex
	rnd   *rand.Rand
	calls map[string]int
}

func newService(seed uint64) *service {
	return &service{began: time.Now(), rnd: rand.New(rand.NewPCG(seed, 1)), calls: map[string]int{}}
}

func (s *service) now() phase {
	passed := time.Since(s.began)
	for _, p := range course {
		if passed < p.lasts {
			return p
		}
		passed -= p.lasts
	}
	return course[len(course)-1]
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
