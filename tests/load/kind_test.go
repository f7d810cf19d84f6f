//go:build unix

package load_test

import (
	"errors"
	"fmt"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/load"
)

// kind is what there is to know of the operations on one target.
type kind struct {
	target string
	// most is max_attempts.
	most int
	// inTurn says that one attempt follows the other's end, so that none
	// begins after one that went well. Where an attempt can be left behind,
	// it may go well when its operation has gone on.
	inTurn bool
	// beside says that an attempt may begin beside another, and so as that
	// one brings the outcome.
	beside bool
	// once says that what may have taken effect is not to be repeated.
	once bool
}

// The targets of testdata/load.json, by where their operations run.
var (
	plainTargets = []string{"quick", "parking", "single", "by_rate", "narrow", "budgeted", "paced", "timed", "hedged"}
	httpTargets  = []string{"http_get", "http_post", "http_body"}
)

// configuration reads the policies of the load test.
func configuration() (*policies.Set, map[string]*kind, error) {
	set, err := load.Load(load.File("testdata/load.json"))
	if err != nil {
		return nil, nil, err
	}
	kinds := map[string]*kind{}
	for _, name := range append(append([]string(nil), plainTargets...), httpTargets...) {
		p, err := set.Target(name)
		if err != nil {
			return nil, nil, err
		}
		k := &kind{target: name, most: p.Retry.MaxAttempts, beside: p.Hedge.Delay > 0, once: name == "http_post"}
		if !p.Retry.Enabled {
			k.most = 1
		}
		k.inTurn = p.Retry.AttemptTimeout == 0 && !k.beside
		if k.most > 60 {
			return nil, nil, fmt.Errorf("target %s: the account of the service has room for 60 attempts", name)
		}
		kinds[name] = k
	}
	return set, kinds, nil
}

var (
	errPlain = errors.New("load: a failure that is not retried")
	errTemp  = classify.Retryable(errors.New("load: a failure that is"))
)

// fate is what becomes of one attempt of a plain function.
type fate uint8

const (
	wellDone fate = iota
	failsForNow
	failsForGood
	panics
	exits
	hangs // and pays no heed to its context
)

// mix turns its arguments into bits that look random and are the same in
// every run with the same seed (splitmix64).
func mix(seed uint64, i, n int) uint64 {
	x := seed + uint64(i)*0x9e3779b97f4a7c15 + uint64(n)*0xd1b54a32d192ed03
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// fateOf gives 5 % errors, of which one in five is not retried, 1 % panics, and
// where they do no harm to the test 0.5 % runtime.Goexit and one hang in 5,000.
func fateOf(seed uint64, i, attempt int, k *kind, ownGoroutine bool) fate {
	switch draw := mix(seed, i, attempt) % 10_000; {
	case draw < 400:
		return failsForNow
	case draw < 500:
		return failsForGood
	case draw < 600:
		return panics
	case draw < 650 && ownGoroutine:
		return exits
	case draw < 652 && (k.target == "timed" || k.target == "hedged"):
		return hangs
	}
	return wellDone
}
