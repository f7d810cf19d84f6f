package explorer

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-go/holdfast/tests/scenarios"
)

var (
	schedules = flag.Int("explorer.schedules", 1000, "how many programs are played")
	seed      = flag.Uint64("explorer.seed", 1, "the seed of the first program")
	limit     = flag.Duration("explorer.time", 0, "for how long programs are played, in place of a number")
	again     = flag.Int("explorer.again", 30, "how often a smaller program is played to see whether it still fails")
)

func TestExplore(t *testing.T) {
	began := time.Now()
	var next, failed atomic.Int64
	t.Run("play", func(t *testing.T) {
		for w := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(w), func(t *testing.T) {
				t.Parallel()
				house := scenarios.NewHouse()
				for {
					n := next.Add(1) - 1
					if *limit == 0 && n >= int64(*schedules) || *limit > 0 && time.Since(began) > *limit || failed.Load() > 5 {
						return
					}
					p := Draw(*seed + uint64(n))
					_, wrong := house.Play(t, p)
					if len(wrong) > 0 {
						failed.Add(1)
						report(t, house, *seed+uint64(n), p, wrong)
					}
				}
			})
		}
	})
	took := time.Since(began)
	n := next.Load()
	fmt.Printf("%d schedules in %s, %.0f a second\n", n, took.Round(time.Millisecond), float64(n)/took.Seconds())
}

// report makes a program that fails smaller and prints it.
func report(t *testing.T, house *scenarios.House, seed uint64, p *scenarios.Program, wrong []string) {
	kind, _, _ := strings.Cut(wrong[0], ":")
	until := time.Now().Add(20 * time.Second)
	fails := func(p *scenarios.Program) bool {
		for range *again {
			if time.Now().After(until) {
				return false
			}
			if _, now := house.Play(t, p); len(now) > 0 {
				for _, w := range now {
					if strings.HasPrefix(w, kind+":") {
						wrong = now
						return true
					}
				}
			}
		}
		return false
	}
	small := Shrink(p, fails)
	t.Errorf("seed %d: %s\n%s", seed, strings.Join(wrong, "\n"), small)
}
