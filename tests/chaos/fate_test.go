package chaos_test

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/holdfast-go/holdfast/policies/classify"
)

var (
	errPlain  = errors.New("chaos: a failure that is not retried")
	errNobody = errors.New("chaos: a dead letter")
	errTemp   = classify.Retryable(errors.New("chaos: a failure that is"))
)

// fate is what becomes of one attempt.
type fate uint8

const (
	wellDone fate = iota
	panics
	failsForNow
	failsForGood
	exits
)

// mix turns its arguments into bits that look random and are the same in
// every run with the same seed (splitmix64).
func mix(seed uint64, i int, n int32) uint64 {
	x := seed + uint64(i)*0x9e3779b97f4a7c15 + uint64(n)*0xd1b54a32d192ed03
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// fateOf gives 10 % panics, 1 % errors, half of them worth another attempt,
// and 0.5 % runtime.Goexit.
func fateOf(seed uint64, i int, attempt int32) fate {
	switch draw := mix(seed, i, attempt) % 1000; {
	case draw < 100:
		return panics
	case draw < 105:
		return failsForNow
	case draw < 110:
		return failsForGood
	case draw < 115:
		return exits
	default:
		return wellDone
	}
}

// mayExit says whether some attempt of the operation would end its goroutine.
func (s *storm) mayExit(i int) bool {
	for n := int32(1); n <= s.ledger.most; n++ {
		if fateOf(s.seed, i, n) == exits {
			return true
		}
	}
	return false
}

// run does one attempt of operation i and keeps the ledger.
func (s *storm) run(i int) (int, error) {
	n := s.ledger.begin(i)
	switch fateOf(s.seed, i, n) {
	case panics:
		s.ledger.end(i, false, false)
		panic(fmt.Sprintf("chaos: attempt %d of operation %d", n, i))
	case failsForNow:
		s.ledger.end(i, false, false)
		return 0, errTemp
	case failsForGood:
		s.ledger.end(i, false, false)
		return 0, errPlain
	case exits:
		s.ledger.end(i, false, true)
		runtime.Goexit()
	}
	if mix(s.seed, i, -n)%8 == 0 {
		runtime.Gosched() // in the middle of an attempt
	}
	s.ledger.end(i, true, false)
	return i, nil
}
