package classify_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// driverError is a driver's error with a code in it.
type driverError struct{ code int }

func (e *driverError) Error() string { return fmt.Sprintf("driver: code %d", e.code) }

// A predicate names what only a look into the error tells. Call it before the
// start: at the top of main, or from an init function.
func ExampleRegister() {
	err := classify.Register("driver.locked", func(err error) bool {
		e, ok := errors.AsType[*driverError](err)
		return ok && e.code == 1205
	})
	fmt.Println(err)

	p := policies.Default(policies.Storage)
	p.Retry.RetryOn = []string{"driver.locked"} // in a file: retry_policy: {retry_on: [driver.locked]}
	rules, err := classify.RulesOf(p)
	fmt.Println(err)
	for _, code := range []int{1205, 1062} {
		v := classify.Classify(&driverError{code}, nil, time.Now(), rules)
		fmt.Println(code, v.Retryable)
	}
	// Output:
	// <nil>
	// <nil>
	// 1205 true
	// 1062 false
}

// A sentinel is found through whatever wraps it.
func ExampleRegisterError() {
	errClosedForToday := errors.New("closed for today")
	fmt.Println(classify.RegisterError("shop.closed", errClosedForToday))

	p := policies.Default(policies.API)
	p.Breaker.Ignore = []string{"shop.closed"} // it is no fault of the shop's
	rules, _ := classify.RulesOf(p)
	for _, err := range []error{fmt.Errorf("order: %w", errClosedForToday), errors.New("out of order")} {
		fmt.Println(classify.Classify(err, nil, time.Now(), rules).Outcome)
	}
	// Output:
	// <nil>
	// ignored
	// failure
}

// A wall is known by a mark, by a method of the error, or by what a server says.
func ExampleWall() {
	now := time.Date(2026, 5, 4, 18, 0, 0, 0, time.UTC)
	midnight := time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC)
	soldOut := &classify.StatusError{StatusCode: 429, Header: http.Header{"Retry-After": {"90"}},
		Body: []byte(`{"error": {"code": "insufficient_quota"}}`)}
	busy := &classify.StatusError{StatusCode: 429, Header: http.Header{"Retry-After": {"90"}}}

	for _, err := range []error{classify.Wall(errors.New("no tokens left today"), midnight), soldOut, busy} {
		v := classify.Classify(err, nil, now, classify.Rules{})
		if v.Outcome == policies.Walled {
			fmt.Println(v.Condition, v.Outcome, "for", v.WallUntil.Sub(now))
		} else {
			fmt.Println(v.Condition, v.Outcome)
		}
	}
	// Output:
	// external.wall walled for 6h0m0s
	// http.429.quota walled for 1m30s
	// http.429 throttled
}

// A type stands for all errors of it.
func ExampleRegisterType() {
	fmt.Println(classify.RegisterType[*driverError]("driver.error"))

	p := policies.Default(policies.Storage)
	p.Retry.RetryOn = []string{"driver.eror"} // a misspelling
	_, err := classify.RulesOf(p)
	fmt.Println(err)

	p.Retry.RetryOn = []string{"driver.error"}
	rules, err := classify.RulesOf(p)
	fmt.Println(err)
	fmt.Println(classify.Classify(&driverError{7}, nil, time.Now(), rules).Retryable)
	// Output:
	// <nil>
	// retry_policy.retry_on[0]: unknown error condition "driver.eror", did you mean "driver.error"?
	// <nil>
	// true
}

// A transaction that fails before its commit is sent leaves nothing behind,
// whatever the reason.
func ExampleNoEffect() {
	lost := io.ErrUnexpectedEOF
	for _, err := range []error{lost, classify.NoEffect(lost)} {
		v := classify.Classify(err, nil, time.Now(), classify.Rules{})
		fmt.Println(v.Condition, "may have taken effect:", v.Ambiguous)
	}
	// Output:
	// io.unexpected_eof may have taken effect: true
	// io.unexpected_eof may have taken effect: false
}
