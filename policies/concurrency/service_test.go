package concurrency

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"
)

// service is a simulated service with one queue before a number of servers
// that may change. Time is virtual, and every random number comes from one
// seed, so that two runs are the same.
type service struct {
	now      time.Duration
	random   *rand.Rand
	events   agenda
	serial   int
	capacity int
	busy     int
	queue    []*request
	scenario *scenario
	clients  []*client
}

// request is one attempt on its way through the service.
type request struct {
	client *client
	begun  time.Duration
	over   bool // the client has its answer, or has given up
}

// client sends its calls through a limiter of its own, and keeps those that
// the limiter holds up.
type client struct {
	limiter limiter
	flying  int
	waiting int
	// What became of the attempts.
	latencies []float64 // of those that ended well, in seconds
	dropped   int
	limits    []int // every 100 ms
}

// limiter is what the candidates have in common.
type limiter interface {
	Limit() int
	observe(begun, now time.Duration, inFlight int, dropped bool)
}

type event struct {
	at     time.Duration
	serial int
	do     func()
}

type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || (a[i].at == a[j].at && a[i].serial < a[j].serial)
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(event)) }
func (a *agenda) Pop() any {
	old := *a
	e := old[len(old)-1]
	*a = old[:len(old)-1]
	return e
}

func (s *service) after(d time.Duration, do func()) {
	s.serial++
	heap.Push(&s.events, event{s.now + d, s.serial, do})
}

// sampleEvery is how often the limits are written down.
const sampleEvery = 100 * time.Millisecond

// simulate runs a scenario with a limiter for each client.
func simulate(sc *scenario, seed uint64, limiters ...limiter) *service {
	s := &service{random: rand.New(rand.NewPCG(seed, 2)), scenario: sc, capacity: sc.capacity(0)}
	for i, l := range limiters {
		c := &client{limiter: l}
		s.clients = append(s.clients, c)
		s.after(time.Duration(i)*sc.stagger, func() {
			if sc.rate != nil {
				s.arrive(c)
				return
			}
			c.waiting = sc.callers
			s.send(c)
		})
	}
	for at := sampleEvery; at <= sc.length; at += sampleEvery {
		s.after(at, func() {
			s.capacity = sc.capacity(s.now)
			s.serve()
			for _, c := range s.clients {
				c.limits = append(c.limits, c.limiter.Limit())
			}
		})
	}
	for s.events.Len() > 0 && s.events[0].at <= sc.length {
		e := heap.Pop(&s.events).(event)
		s.now = e.at
		e.do()
	}
	return s
}

// arrive lets calls come in at random, as many in the mean as the rate says.
func (s *service) arrive(c *client) {
	c.waiting++
	s.send(c)
	s.after(time.Duration(s.random.ExpFloat64()/s.scenario.rate(s.now)*float64(time.Second)), func() { s.arrive(c) })
}

// send lets go what the limiter allows.
func (s *service) send(c *client) {
	for c.waiting > 0 && c.flying < c.limiter.Limit() {
		c.waiting--
		c.flying++
		r := &request{client: c, begun: s.now}
		if q := s.scenario.queue; q > 0 && s.busy >= s.capacity && len(s.queue) >= q {
			s.after(time.Millisecond, func() { s.answer(r, true) })
			continue
		}
		if f := s.scenario.faulty; f > 0 && s.random.Float64() < f {
			s.after(time.Millisecond, func() { s.answer(r, true) })
			continue
		}
		s.after(s.scenario.timeout, func() { s.answer(r, true) })
		s.queue = append(s.queue, r)
		s.serve()
	}
}

// serve puts queued requests on free servers. What its client has given up is
// worked on all the same, as services do.
func (s *service) serve() {
	for s.busy < s.capacity && len(s.queue) > 0 {
		r := s.queue[0]
		s.queue = s.queue[1:]
		s.busy++
		s.after(s.scenario.work(s.random, s.now), func() {
			s.busy--
			s.answer(r, false)
			s.serve()
		})
	}
}

func (s *service) answer(r *request, dropped bool) {
	if r.over {
		return
	}
	r.over = true
	c := r.client
	if dropped {
		c.dropped++
	} else {
		c.latencies = append(c.latencies, (s.now - r.begun).Seconds())
	}
	c.limiter.observe(r.begun, s.now, c.flying, dropped)
	c.flying--
	if s.scenario.rate == nil {
		c.waiting++
	}
	s.send(c)
}

// lognormal is a random time with the given mean and coefficient of variation.
func lognormal(r *rand.Rand, mean time.Duration, variation float64) time.Duration {
	v := math.Log(1 + variation*variation)
	return time.Duration(float64(mean) * math.Exp(r.NormFloat64()*math.Sqrt(v)-v/2))
}
