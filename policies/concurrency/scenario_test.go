package concurrency

import (
	"math/rand/v2"
	"time"
)

// scenario is a service, and what is asked of it.
type scenario struct {
	name     string
	length   time.Duration
	callers  int                             // who call again as soon as they have an answer
	rate     func(now time.Duration) float64 // or: calls a second that come in
	stagger  time.Duration                   // between the first calls of two clients
	capacity func(now time.Duration) int
	work     func(r *rand.Rand, now time.Duration) time.Duration
	mean     func(now time.Duration) time.Duration // of work
	queue    int                                   // what the service lets wait before it refuses, 0 for any number
	faulty   float64                               // the share that is refused whatever the load
	timeout  time.Duration                         // of an attempt
	steps    []time.Duration                       // when something changes for good
	// What is asked of the limiter: the least share of the possible
	// throughput, and the greatest limit at the end over the capacity.
	least, most float64
}

const usual = 50 * time.Millisecond

func always[T any](v T) func(time.Duration) T { return func(time.Duration) T { return v } }

// stepwise changes from one value to the next every so often.
func stepwise[T any](every time.Duration, values ...T) func(time.Duration) T {
	return func(now time.Duration) T { return values[min(int(now/every), len(values)-1)] }
}

// scattered is work whose mean may change.
func scattered(mean func(time.Duration) time.Duration, variation float64) func(*rand.Rand, time.Duration) time.Duration {
	return func(r *rand.Rand, now time.Duration) time.Duration { return lognormal(r, mean(now), variation) }
}

func (s scenario) with(edit func(*scenario)) scenario {
	edit(&s)
	return s
}

func scenarios() []scenario {
	steady := scenario{name: "steady", length: 2 * time.Minute, callers: 100, timeout: 2 * time.Second,
		capacity: always(20), mean: always(usual), work: scattered(always(usual), 0.3), steps: []time.Duration{0}, least: 0.95, most: 1.6}
	ramp := func(now time.Duration) time.Duration {
		return usual + time.Duration(float64(now)/float64(2*time.Minute)*2*float64(usual))
	}
	spike := func(now time.Duration) time.Duration {
		if now >= time.Minute && now < 65*time.Second {
			return 5 * usual
		}
		return usual
	}
	longer := stepwise(40*time.Second, usual, 4*usual)
	return []scenario{
		steady,
		steady.with(func(s *scenario) {
			s.name = "capacity 20, 40, 10, 20"
			s.length = 160 * time.Second
			s.capacity = stepwise(40*time.Second, 20, 40, 10, 20)
			s.steps = []time.Duration{0, 40 * time.Second, 80 * time.Second, 120 * time.Second}
		}),
		steady.with(func(s *scenario) {
			s.name = "noisy latency"
			s.least, s.most = 0.92, 2
			s.work = scattered(s.mean, 1.5)
		}),
		steady.with(func(s *scenario) {
			s.name = "latency spike of 5 s"
			s.mean, s.work = spike, scattered(spike, 0.3)
			s.steps = []time.Duration{0, 65 * time.Second}
		}),
		steady.with(func(s *scenario) {
			s.name = "latency rises slowly to 3x"
			s.mean, s.work = ramp, scattered(ramp, 0.3)
		}),
		steady.with(func(s *scenario) {
			s.name = "latency 4x for good"
			s.mean, s.work = longer, scattered(longer, 0.3)
			s.steps = []time.Duration{0, 40 * time.Second}
		}),
		steady.with(func(s *scenario) {
			s.name = "mixed: 90% 20 ms, 10% 320 ms"
			s.least = 0.92
			s.work = func(r *rand.Rand, _ time.Duration) time.Duration {
				if r.IntN(10) == 0 {
					return lognormal(r, 320*time.Millisecond, 0.3)
				}
				return lognormal(r, 20*time.Millisecond, 0.3)
			}
		}),
		steady.with(func(s *scenario) {
			s.name = "small: capacity 3"
			s.most = 2 // a third more is a whole one more
			s.capacity = always(3)
		}),
		steady.with(func(s *scenario) {
			s.name = "large: capacity 150"
			s.capacity, s.callers = always(150), 1000
		}),
		steady.with(func(s *scenario) {
			s.name = "refuses beyond 10 waiting"
			s.queue = 10
		}),
		steady.with(func(s *scenario) {
			s.name = "refuses one in ten whatever the load"
			s.least, s.faulty = 0.8, 0.1 // it takes a while to find out
		}),
		steady.with(func(s *scenario) {
			s.name = "slow calls: 10 s, capacity 8"
			s.most = 2
			s.length = 30 * time.Minute
			s.capacity, s.mean = always(8), always(10*time.Second)
			s.work, s.timeout = scattered(s.mean, 0.3), 2*time.Minute
		}),
		steady.with(func(s *scenario) {
			s.name = "half the load, then all of it"
			s.rate = stepwise(time.Minute, 200.0, 500)
			s.callers = 0
			s.steps = []time.Duration{0}
		}),
		steady.with(func(s *scenario) {
			s.name = "two clients, one 20 s later"
			s.capacity, s.stagger, s.most = always(40), 20*time.Second, 3
		}),
	}
}
