package classify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// billed is an error of a user's that knows of walls.
type billed struct {
	error
	until time.Time
	yes   bool
}

func (b billed) WallUntil() (time.Time, bool) { return b.until, b.yes }
func (b billed) Unwrap() error                { return b.error }

func quotaWith(header http.Header) error {
	return &StatusError{StatusCode: 429, Header: header, Body: quotaGone.Body}
}

// If it failed, a breaker would stay closed before a used-up quota, open for
// the wrong time, or open for a limit that passes.
func TestWalls(t *testing.T) {
	until, seconds := noon.Add(5*time.Hour), http.Header{"Retry-After": {"7200"}}
	none := time.Time{}
	for _, tt := range []struct {
		name      string
		err       error
		condition string
		until     time.Time
	}{
		{"marked", Wall(errPlan, until), ExternalWall, until},
		{"marked, wrapped", fmt.Errorf("call: %w", Wall(errPlan, until)), ExternalWall, until},
		{"marked, end unknown", Wall(errPlan, none), ExternalWall, none},
		{"marked, end past", Wall(errPlan, noon), ExternalWall, none},
		{"marked, absurdly far", Wall(errPlan, noon.AddDate(200, 0, 0)), ExternalWall, noon.Add(longestDelay)},
		{"marked, the server names the end", Wall(&StatusError{StatusCode: 402, Header: seconds}, none), ExternalWall, noon.Add(2 * time.Hour)},
		{"the mark's end over the server's", Wall(&StatusError{StatusCode: 402, Header: seconds}, until), ExternalWall, until},
		{"marked retryable around it", Retryable(Wall(errPlan, until)), ExternalWall, until},
		{"marked retryable in it", Wall(Retryable(errPlan), until), ExternalWall, until},
		{"marked permanent around it", backoff.Permanent(Wall(errPlan, until)), ExternalWall, until},
		{"a user's own", billed{errPlan, until, true}, ExternalWall, until},
		{"the outermost is heard", Wall(billed{errPlan, noon.Add(time.Minute), true}, until), ExternalWall, until},
		{"around an inner operation's end", Wall(judged{errPlan, policies.Ignored}, until), ExternalWall, until},
		{"names its outcome a wall", judged{errPlan, policies.Walled}, Unknown, none},
		{"a quota that says until when, in seconds", quotaWith(seconds), HTTPQuota, noon.Add(2 * time.Hour)},
		{"a quota that says until when, in ms", quotaWith(http.Header{"Retry-After-Ms": {"1500"}}), HTTPQuota, noon.Add(1500 * time.Millisecond)},
		{"a quota that says until when, by date", quotaWith(http.Header{"Date": {"Mon, 04 May 2026 11:00:00 GMT"},
			"Retry-After": {"Mon, 04 May 2026 14:00:00 GMT"}}), HTTPQuota, noon.Add(3 * time.Hour)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := verdictOf(tt.err)
			assert.Equal(t, tt.condition, v.Condition)
			assert.Equal(t, policies.Walled, v.Outcome)
			assert.False(t, v.Retryable, "another attempt meets it too")
			assert.Equal(t, tt.until, v.WallUntil)
		})
	}
	for _, tt := range []struct {
		name string
		err  error
		want policies.Outcome
	}{
		{"a quota that doesn't say until when", quotaGone, policies.Throttled},
		{"a quota that says now", quotaWith(http.Header{"Retry-After": {"0"}}), policies.Throttled},
		{"a quota with a reset header", quotaWith(http.Header{"X-Ratelimit-Reset": {"7200"}, "X-Ratelimit-Remaining": {"0"}}), policies.Throttled},
		{"a rate limit that says until when", &StatusError{StatusCode: 429, Header: seconds}, policies.Throttled},
		{"an unpaid bill, as long as nobody calls it a wall", answered(402), policies.Ignored},
		{"a user's own that is none", billed{errPlan, until, false}, policies.Failure},
		{"an inner operation's", judged{Wall(errPlan, until), policies.Ignored}, policies.Ignored},
		{"a panic's", judged{Wall(errPlan, until), policies.Failure}, policies.Failure},
		{"beside an inner operation's", errors.Join(judged{errPlan, policies.Ignored}, Wall(errPlan, until)), policies.Ignored},
		{"ignored by its mark", Ignore(Wall(errPlan, until)), policies.Ignored},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := verdictOf(tt.err)
			assert.Equal(t, tt.want, v.Outcome)
			assert.Zero(t, v.WallUntil)
		})
	}
	assert.NoError(t, Wall(nil, until))
	assert.ErrorIs(t, Wall(errPlan, until), errPlan)
}

// If it failed, a file could neither make a wall of what is one for its target
// nor keep one from opening the breaker.
func TestWallsByTheLists(t *testing.T) {
	rules := func(wall, ignore, trip []string) Rules {
		return lists{ignore: ignore, trip: trip, wall: wall, retry: list("http.5xx", ExternalWall)}.rules(t)
	}
	marked, until := Wall(answered(503), noon.Add(time.Hour)), noon.Add(time.Hour)
	delayed := &StatusError{StatusCode: 503, Header: http.Header{"Retry-After": {"60"}}}
	for _, tt := range []struct {
		name   string
		rules  Rules
		err    error
		caller error
		want   policies.Outcome
		until  time.Time
	}{
		{"wall_on", rules(list("http.402"), nil, nil), answered(402), nil, policies.Walled, time.Time{}},
		{"wall_on, a quota without an end", rules(list(HTTPQuota), nil, nil), quotaGone, nil, policies.Walled, time.Time{}},
		{"wall_on over retry_on", rules(list("http.503"), nil, nil), delayed, nil, policies.Walled, noon.Add(time.Minute)},
		{"wall_on names another", rules(list("http.402"), nil, nil), answered(403), nil, policies.Ignored, time.Time{}},
		{"wall_on over trip_on", rules(list("http.402"), nil, list("http.4xx")), answered(402), nil, policies.Walled, time.Time{}},
		{"ignore over wall_on", rules(list("http.402"), list("http.4xx"), nil), answered(402), nil, policies.Ignored, time.Time{}},
		{"ignore over the mark", rules(nil, list(ExternalWall), nil), marked, nil, policies.Ignored, time.Time{}},
		{"the mark over trip_on", rules(nil, nil, list(ExternalWall, "http.503")), marked, nil, policies.Walled, until},
		{"the mark as the caller leaves", rules(nil, nil, nil), marked, context.Canceled, policies.Walled, until},
		{"the caller's end is no wall", rules(list(Canceled), nil, nil), context.Canceled, context.Canceled, policies.Ignored, time.Time{}},
		{"nor is it if it is marked", rules(nil, nil, nil), Wall(context.Canceled, until), context.Canceled, policies.Ignored, time.Time{}},
		{"an inner operation's error keeps its outcome", rules(list("http.503"), nil, nil), judged{answered(503), policies.Ignored}, nil, policies.Ignored, time.Time{}},
		{"permanent", rules(list(Unknown), nil, nil), backoff.Permanent(errPlan), nil, policies.Walled, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := Classify(tt.err, tt.caller, noon, tt.rules)
			assert.Equal(t, tt.want, v.Outcome)
			assert.Equal(t, tt.until, v.WallUntil)
			assert.False(t, v.Outcome == policies.Walled && (v.Retryable || v.CallerGone))
		})
	}
}
