package reload_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// fault is a way for an attempt to fail, and what the built-in tables say of it.
type fault struct {
	name      string // for the lists; empty for those that no list names here
	err       error  // nil for a panic
	outcome   policies.Outcome
	retryable bool
	// ambiguous faults may have taken effect.
	ambiguous bool
}

// faults are all of them: first those that lists name.
var faults = func() (all []fault) {
	for _, code := range []int{404, 405, 410, 418, 422, 423} {
		all = append(all, answered(code, fault{outcome: policies.Ignored}))
	}
	for _, code := range []int{500, 502, 503, 504} {
		all = append(all, answered(code, fault{outcome: policies.Failure, retryable: true, ambiguous: true}))
	}
	throttled := answered(http.StatusTooManyRequests, fault{outcome: policies.Throttled, retryable: true})
	throttled.name = ""
	return append(all, throttled,
		fault{err: classify.Retryable(errors.New("reload: a failure that passes")),
			outcome: policies.Failure, retryable: true, ambiguous: true},
		fault{err: errPlain, outcome: policies.Failure},
		fault{outcome: policies.Failure, retryable: true, ambiguous: true},
	)
}()

// named is how many faults the lists of a version may name.
const named = 10

func answered(code int, f fault) fault {
	f.name = fmt.Sprintf("http.%d", code)
	f.err = &classify.StatusError{Method: http.MethodGet, StatusCode: code}
	return f
}

var (
	errPlain = errors.New("reload: a failure that does not pass")
	// aside is the one fault of a target whose failures are counted elsewhere.
	aside = fault{err: classify.Ignore(errors.New("reload: a failure that counts for nobody")), outcome: policies.Ignored}
)

// mostAttempts is how many attempts may fail, so that those that max_attempts
// doesn't bound come to an end.
const mostAttempts = 6

// fateOf is what becomes of an attempt: nil for a success.
func fateOf(seed uint64, i int64, target string, attempt int) *fault {
	if target == failing {
		return &aside
	}
	draw := mix(seed, i, int64(attempt))
	if draw%2 == 0 || attempt > mostAttempts {
		return nil
	}
	return &faults[draw>>1%uint64(len(faults))]
}

// is reports whether err is what an attempt with this fate ends with.
func (f *fault) is(err error) bool {
	if f.err == nil {
		var p *classifiedPanic
		return errors.As(err, &p)
	}
	return err == f.err //nolint:errorlint // the very same
}

// classifiedPanic is what attempts panic with.
type classifiedPanic struct{ error }

func (f *fault) end() error {
	if f.err == nil {
		panic(&classifiedPanic{errPlain})
	}
	return f.err
}

// mix turns its arguments into bits that look random and are the same in
// every run with the same seed (splitmix64).
func mix(seed uint64, i, n int64) uint64 {
	x := seed + uint64(i)*0x9e3779b97f4a7c15 + uint64(n)*0xd1b54a32d192ed03
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
