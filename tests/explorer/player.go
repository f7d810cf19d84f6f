package explorer

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-go/holdfast/tests/scenarios"
)

// mostFailures is how many programs that fail are reported before it is enough.
const mostFailures = 5

// stalled is how many seconds one program may take in real time. It is many
// times what the largest takes, and decides nothing in a run that goes well.
const stalled = 120

// player plays the programs of one run.
type player struct {
	seed      uint64
	schedules int64
	until     time.Time // in place of schedules, if it is set
	again     int
	mark      *os.File // holds the seed that is played, for whoever starts this process; may be nil

	next     atomic.Int64
	failures atomic.Int64
	stats    *Stats
	mu       sync.Mutex
	playing  map[int]*play // by player
}

// play is one program under way.
type play struct {
	seed    uint64
	seconds int // for which it has been
}

// all plays on as many threads as there are, each in an actor system of its own.
func (p *player) all(t *testing.T) {
	p.playing = map[int]*play{}
	still := make(chan struct{})
	defer close(still)
	go p.watch(still)
	t.Run("play", func(t *testing.T) {
		for n := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				p.one(t, n)
			})
		}
	})
}

func (p *player) one(t *testing.T, n int) {
	house := scenarios.NewHouse()
	for {
		i := p.next.Add(1) - 1
		if p.until.IsZero() && i >= p.schedules || !p.until.IsZero() && time.Now().After(p.until) || p.failures.Load() >= mostFailures {
			return
		}
		seed := p.seed + uint64(i)
		p.note(n, seed)
		program := Draw(seed)
		ledger, wrong := house.Play(t, program)
		if ledger != nil {
			p.stats.Take(ledger)
		}
		if len(wrong) > 0 {
			p.failures.Add(1)
			t.Error(p.report(t, house, n, seed, program, wrong))
		}
	}
}

// note says what is played now.
func (p *player) note(n int, seed uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.playing[n] = &play{seed: seed}
	if p.mark != nil {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], seed)
		_, _ = p.mark.WriteAt(b[:], int64(8*n))
	}
}

// watch ends the process if a program is stuck, in real time: on a lock, or in a
// loop, which a bubble does not notice. The seconds are counted, and not taken
// from a clock that goes on while the process is stopped.
func (p *player) watch(still <-chan struct{}) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-still:
			return
		case <-ticker.C:
		}
		p.mu.Lock()
		for _, at := range p.playing {
			if at.seconds++; at.seconds > stalled {
				stacks := make([]byte, 1<<20)
				fmt.Printf("seed %d: I1: stuck in a lock or a loop\n%s\n%s\n", at.seed, Draw(at.seed), stacks[:runtime.Stack(stacks, true)])
				os.Exit(2)
			}
		}
		p.mu.Unlock()
	}
}

// report makes a program that fails smaller, for half a minute at the most, and
// gives it with what is wrong.
func (p *player) report(t *testing.T, house *scenarios.House, n int, seed uint64, program *scenarios.Program, wrong []string) string {
	kind, _, _ := strings.Cut(wrong[0], ":")
	until := time.Now().Add(30 * time.Second)
	small := Shrink(program, func(smaller *scenarios.Program) bool {
		for range p.again {
			if time.Now().After(until) {
				return false
			}
			p.note(n, seed)
			_, now := house.Play(t, smaller)
			for _, w := range now {
				if strings.HasPrefix(w, kind+":") {
					wrong = now
					return true
				}
			}
		}
		return false
	})
	return fmt.Sprintf("seed %d: %s\n# what is wrong: see above; keep it in tests/testdata when it is mended\nloose\n%s", seed, strings.Join(wrong, "\n"), small)
}
