package classify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"reflect"
	"syscall"
	"testing"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// lists is the part of a policy that rules are made of.
type lists struct{ custom, retry, never, ignore, trip, wall []string }

func (l lists) policy() policies.Policy {
	return policies.Policy{
		Retry:   policies.Retry{CustomExceptions: l.custom, RetryOn: l.retry, NeverRetry: l.never},
		Breaker: policies.Breaker{Ignore: l.ignore, TripOn: l.trip, WallOn: l.wall},
	}
}

func (l lists) rules(t require.TestingT) Rules {
	r, err := RulesOf(l.policy())
	require.NoError(t, err)
	return r
}

func list(names ...string) []string { return names }

// judged names its own outcome, as the supervisor's errors do.
type judged struct {
	error
	outcome policies.Outcome
}

func (j judged) BreakerOutcome() policies.Outcome { return j.outcome }
func (j judged) Unwrap() error                    { return j.error }

func answered(status int) error { return &StatusError{StatusCode: status} }

func shouldRetry(status int) error {
	return &StatusError{StatusCode: status, Header: http.Header{"X-Should-Retry": {"true"}}}
}

var quotaGone = &StatusError{StatusCode: 429, Body: []byte(`{"error":{"code":"insufficient_quota"}}`)}

// If this fails, a condition that a file names for retries is not heeded, or
// has a say where it has none.
func TestWhatIsRetriedByTheLists(t *testing.T) {
	canceled := context.Canceled
	for _, tt := range []struct {
		name   string
		lists  lists
		err    error
		caller error
		want   bool
	}{
		{"retry_on adds", lists{retry: list("http.404")}, answered(404), nil, true},
		{"custom_exceptions adds", lists{custom: list("http.404")}, answered(404), nil, true},
		{"the two are one list", lists{custom: list("http.403"), retry: list("http.404")}, answered(404), nil, true},
		{"the two are one list, the other way", lists{custom: list("http.404"), retry: list("http.403")}, answered(404), nil, true},
		{"retry_on names another", lists{retry: list("http.404")}, answered(403), nil, false},
		{"retry_on takes nothing away", lists{retry: list("http.404")}, answered(503), nil, true},
		{"retry_on over the error's own no", lists{retry: list("net.reset")}, speaks{syscall.ECONNRESET, false}, nil, true},
		{"retry_on does not overrule the marker", lists{retry: list("http.404")}, backoff.Permanent(answered(404)), nil, false},
		{"retry_on does not overrule a quota", lists{retry: list("http.429", HTTPQuota)}, quotaGone, nil, false},
		{"retry_on does not bring the caller back", lists{retry: list("http.404")}, answered(404), canceled, false},
		{"retry_on does not match the name of a later step", lists{retry: list(CallerCanceled)}, canceled, canceled, false},

		{"never_retry over the tables", lists{never: list("http.503")}, answered(503), nil, false},
		{"never_retry over a header", lists{never: list("http.404")}, shouldRetry(404), nil, false},
		{"never_retry over the error's own yes", lists{never: list("net.reset")}, speaks{syscall.ECONNRESET, true}, nil, false},
		{"never_retry over a mark", lists{never: list("file.not_exist")}, Retryable(fs.ErrNotExist), nil, false},
		{"never_retry over a mark, by what it says", lists{never: list(Explicit)}, Retryable(errPlan), nil, false},
		{"never_retry over retry_on", lists{retry: list("http.404"), never: list("http.4xx")}, answered(404), nil, false},
		{"never_retry over custom_exceptions", lists{custom: list("http.404"), never: list("http.4xx")}, answered(404), nil, false},
		{"never_retry names another", lists{never: list("http.500")}, answered(503), nil, true},
		{"an error that speaks is not unknown", lists{never: list(Unknown)}, Retryable(errPlan), nil, true},

		{"the breaker's lists have no say", lists{ignore: list("http.503"), trip: list("http.404")}, answered(503), nil, true},
		{"the breaker's lists have no say either way", lists{ignore: list("http.503"), trip: list("http.404")}, answered(404), nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, Classify(tt.err, tt.caller, noon, tt.lists.rules(t)).Retryable)
		})
	}
}

// If this fails, a breaker counts what a file says it does not, or the other
// way round.
func TestWhatABreakerCountsByTheLists(t *testing.T) {
	canceled, deadline := context.Canceled, context.DeadlineExceeded
	named := func(name string) lists { return lists{ignore: list(name)} }
	trips := func(name string) lists { return lists{trip: list(name)} }
	for _, tt := range []struct {
		name   string
		lists  lists
		err    error
		caller error
		want   policies.Outcome
	}{
		{"trip_on makes a failure of the ignored", trips("http.401"), answered(401), nil, policies.Failure},
		{"trip_on makes a failure of the throttled", trips("http.429"), answered(429), nil, policies.Failure},
		{"trip_on makes a failure of a used-up quota", trips(HTTPQuota), quotaGone, nil, policies.Failure},
		{"trip_on makes a failure of an inner cancellation", trips(Canceled), canceled, nil, policies.Failure},
		{"trip_on leaves a failure", trips("http.503"), answered(503), nil, policies.Failure},
		{"trip_on names another", trips("http.401"), answered(403), nil, policies.Ignored},

		{"ignore a failure", named("http.503"), answered(503), nil, policies.Ignored},
		{"ignore the throttled", named("http.429"), answered(429), nil, policies.Ignored},
		{"ignore the unknown", named(Unknown), errPlan, nil, policies.Ignored},
		{"ignore what calls itself a failure", named("file.not_exist"), Retryable(fs.ErrNotExist), nil, policies.Ignored},
		{"ignore a known error under its own word", named("net.reset"), speaks{syscall.ECONNRESET, true}, nil, policies.Ignored},
		{"ignore an error by its own word", named(Explicit), speaks{syscall.ECONNRESET, true}, nil, policies.Ignored},
		{"an error that speaks is not unknown", named(Unknown), speaks{errPlan, true}, nil, policies.Failure},
		{"ignore names another", named("http.500"), answered(503), nil, policies.Failure},
		{"ignore over trip_on", lists{ignore: list("http.401"), trip: list("http.4xx")}, answered(401), nil, policies.Ignored},
		{"trip_on where ignore names another", lists{ignore: list("http.401"), trip: list("http.4xx")}, answered(402), nil, policies.Failure},

		{"the caller's end is not a failure", trips("context.Canceled"), canceled, canceled, policies.Ignored},
		{"the caller's end is not a failure, by its kind", trips(Canceled), canceled, canceled, policies.Ignored},
		{"the caller's end is not a failure, by its name", trips(CallerCanceled), canceled, canceled, policies.Ignored},
		{"the caller's deadline is not ignored", named("context.DeadlineExceeded"), deadline, deadline, policies.Failure},
		{"the caller's deadline is not ignored, by its name", named(CallerDeadline), deadline, deadline, policies.Failure},
		{"an attempt's deadline is", named(AttemptDeadline), deadline, nil, policies.Ignored},
		{"another error as the caller leaves is ignored", named("http.503"), answered(503), canceled, policies.Ignored},
		{"another error as the caller leaves is a failure", trips("http.401"), answered(401), canceled, policies.Failure},

		{"its own outcome over trip_on", trips("http.503"), judged{answered(503), policies.Ignored}, nil, policies.Ignored},
		{"its own outcome over ignore", named("http.503"), judged{answered(503), policies.Failure}, nil, policies.Failure},
		{"the mark over trip_on", trips("http.401"), Ignore(answered(401)), nil, policies.Ignored},

		{"permanent, unknown", lists{}, backoff.Permanent(errPlan), nil, policies.Ignored},
		{"permanent, unknown, trip_on", trips(Unknown), backoff.Permanent(errPlan), nil, policies.Failure},
		{"permanent, unknown, ignore", named(Unknown), backoff.Permanent(errPlan), nil, policies.Ignored},
		{"permanent, unknown, trip_on another", trips("http.401"), backoff.Permanent(errPlan), nil, policies.Ignored},
		{"permanent, known, trip_on", trips("http.401"), backoff.Permanent(answered(401)), nil, policies.Failure},
		{"permanent, known, ignore", named("http.503"), backoff.Permanent(answered(503)), nil, policies.Ignored},
		{"permanent, its own outcome, ignore", named(Unknown), backoff.Permanent(judged{errPlan, policies.Failure}), nil, policies.Ignored},
		{"permanent, its own outcome, trip_on", trips(Unknown), backoff.Permanent(judged{errPlan, policies.Failure}), nil, policies.Failure},
		{"permanent, marked, trip_on", trips(Unknown), backoff.Permanent(Ignore(errPlan)), nil, policies.Ignored},

		{"the retry lists have no say", lists{retry: list("http.404"), never: list("http.404")}, answered(404), nil, policies.Ignored},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, Classify(tt.err, tt.caller, noon, tt.lists.rules(t)).Outcome)
		})
	}
}

// If this fails, what an event says of an error changes with the lists, and
// its reader could not tell which name to write.
func TestTheListsLeaveTheConditionAndTheError(t *testing.T) {
	all := list("http.5xx", Unknown, Explicit)
	rules := lists{retry: all, never: all, ignore: all, trip: all}.rules(t)
	for _, err := range []error{answered(503), errPlan, Retryable(errPlan), backoff.Permanent(errPlan), shouldRetry(503)} {
		want, got := verdictOf(err), Classify(err, nil, noon, rules)
		assert.Equal(t, want.Condition, got.Condition)
		assert.Equal(t, want.Err, got.Err)
		assert.Equal(t, want.Ambiguous, got.Ambiguous)
	}
	assert.Equal(t, Verdict{}, Classify(nil, nil, noon, rules), "a success is one")
}

// If this fails, a misspelt name takes effect as nothing, or its report does
// not say where it stands, or a list of the policy has no effect at all.
func TestRulesOfReportsEveryList(t *testing.T) {
	_, err := RulesOf(lists{
		custom: list("http.503", "http.5o3"), retry: list("Zebra"), never: list("net.timeuot", "net.refused", "Quagga"),
		ignore: list("htp.4xx"), trip: list("http.401"),
	}.policy())
	assert.EqualError(t, err, `retry_policy.custom_exceptions[1]: unknown error condition "http.5o3", did you mean "http.503"?
retry_policy.retry_on[0]: unknown error condition "Zebra": name a condition (net.timeout, http.503, grpc.Unavailable), `+
		`a Go type (*net.OpError), a Python exception (requests.Timeout), or register it with classify.Register
retry_policy.never_retry[0]: unknown error condition "net.timeuot", did you mean "net.timeout"?
retry_policy.never_retry[2]: unknown error condition "Quagga": name a condition (net.timeout, http.503, grpc.Unavailable), `+
		`a Go type (*net.OpError), a Python exception (requests.Timeout), or register it with classify.Register
circuit_breaker.ignore[0]: unknown error condition "htp.4xx", did you mean "http.4xx"?`)

	seen := 0
	for _, setting := range policies.Settings() {
		if setting.Kind != policies.Names {
			continue
		}
		seen++
		var p policies.Policy
		setting.Value(&p).Set(reflect.ValueOf(list("Zebra")))
		_, err := RulesOf(p)
		var unknown *UnknownNamesError
		require.ErrorAs(t, err, &unknown, setting.Path)
		assert.Equal(t, &UnknownNamesError{Path: setting.Path, Names: []UnknownName{{Name: "Zebra"}}}, unknown)
	}
	assert.Equal(t, 6, seen)

	none, err := RulesOf(policies.Default(policies.API))
	require.NoError(t, err)
	assert.Equal(t, Rules{}, none)
}

// If this fails, every failed attempt of a program without lists makes garbage.
func TestNoListsCostNothing(t *testing.T) {
	wrapped := fmt.Errorf("get: %w", syscall.ECONNREFUSED)
	for _, err := range []error{errPlan, backoff.Permanent(errPlan), Ignore(errPlan), Retryable(errPlan), wrapped} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { verdictOf(err) }), "%T", err)
	}
	some := lists{retry: list(Unknown), never: list("net.refused"), ignore: list(NetReset), trip: list("*net.OpError")}.rules(t)
	assert.Zero(t, testing.AllocsPerRun(100, func() { Classify(errPlan, nil, noon, some) }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { Classify(errors.ErrUnsupported, context.Canceled, noon, some) }))
}
