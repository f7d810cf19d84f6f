package classify

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

type withStatusCode int

func (withStatusCode) Error() string     { return "sdk: request failed" }
func (s withStatusCode) StatusCode() int { return int(s) }

type withHTTPStatusCode int

func (withHTTPStatusCode) Error() string         { return "sdk: request failed" }
func (s withHTTPStatusCode) HTTPStatusCode() int { return int(s) }

type withBoth struct{ withHTTPStatusCode }

func (withBoth) StatusCode() int { return 0 }

// Broken, 4xx would open breakers, or answers that may pass would not be
// tried again.
func TestHTTPStatuses(t *testing.T) {
	for status, want := range map[int]meaning{
		400: ignored, 401: ignored, 403: ignored, 404: ignored, 410: ignored, 418: ignored, 422: ignored, 499: ignored,
		408: failedBefore, 409: ignoredPassing, 429: throttled,
		500: failedAfter, 502: failedAfter, 503: failedAfter, 504: failedAfter, 520: failedAfter, 529: failedAfter, 599: failedAfter,
		501: failed, 505: failed,
	} {
		for _, err := range []error{
			&StatusError{StatusCode: status}, withStatusCode(status), withHTTPStatusCode(status),
			withBoth{withHTTPStatusCode(status)}, fmt.Errorf("call: %w", withStatusCode(status)),
		} {
			assert.Equal(t, essence{"http." + strconv.Itoa(status), want}, essenceOf(verdictOf(err)), "%T %d", err, status)
		}
	}
}

// Broken, an error under a status that is none would be judged by it.
func TestStatusesThatAreNoErrors(t *testing.T) {
	for _, status := range []int{-1, 0, 200, 302, 399, 600, 999} {
		assert.Equal(t, Unknown, verdictOf(withStatusCode(status)).Condition, "%d", status)
	}
}

// Broken, a refusal with a time to come back would count as a request that
// may have been carried out.
func TestUnavailableWithADelayWasNotCarriedOut(t *testing.T) {
	for _, status := range []int{503, 529} {
		err := &StatusError{StatusCode: status, Header: http.Header{"Retry-After": {"7"}}}
		v := verdictOf(err)
		assert.Equal(t, failedBefore, essenceOf(v).meaning)
		assert.Equal(t, 7*time.Second, v.Delay)
	}
	err := &StatusError{StatusCode: 502, Header: http.Header{"Retry-After": {"7"}}}
	assert.True(t, verdictOf(err).Ambiguous)
}

type quotaSDK struct{ withStatusCode }

func (quotaSDK) Error() string { return `429: {"error":{"type":"insufficient_quota"}}` }

// Broken, an account with nothing left would be asked again and again; or a
// limit that passes would be taken for one that doesn't.
func TestQuotaUsedUp(t *testing.T) {
	header := http.Header{"X-Should-Retry": {"true"}}
	used := &StatusError{StatusCode: 429, Header: header, Body: []byte(`{"error":{"code":"insufficient_quota"}}`)}
	for _, err := range []error{
		used, quotaSDK{429}, fmt.Errorf("chat: %w", used), Retryable(used), speaks{used, true},
		&StatusError{StatusCode: 429, Body: []byte(`{"error":{"code":"BILLING_HARD_LIMIT_REACHED"}}`)},
	} {
		v := Classify(err, nil, noon, retryOn(t, "http.429", HTTPQuota))
		assert.Equal(t, essence{HTTPQuota, meaning{outcome: policies.Throttled}}, essenceOf(v), "%v", err)
	}
	for _, err := range []error{
		&StatusError{StatusCode: 429, Body: []byte("You exceeded your current quota, please check your plan and billing details")},
		&StatusError{StatusCode: 429},
	} {
		assert.Equal(t, essence{"http.429", throttled}, essenceOf(verdictOf(err)))
	}
	assert.Equal(t, "http.500", verdictOf(&StatusError{StatusCode: 500, Body: []byte("insufficient_quota")}).Condition)
}
