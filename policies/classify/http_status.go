package classify

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// statusOverloaded is Anthropic's "overloaded_error", which no RFC knows.
const statusOverloaded = 529

// httpStatus is the table for errors that carry an HTTP status of 400 to 599:
// a [StatusError], or any error with StatusCode() int or HTTPStatusCode() int.
// Other statuses say nothing; some APIs report an error under status 200.
//
//	status              outcome    retryable  may have taken effect
//	408                 failure    yes        no: the request never arrived whole (RFC 9110, 15.5.9)
//	409                 ignored    yes        no: a conflict kept it from being done (RFC 9110, 15.5.10)
//	429                 throttled  yes        no: refused for the rate (RFC 6585, 4)
//	429, quota used up  throttled  never      no
//	other 4xx           ignored    no         no
//	501, 505            failure    no         no
//	503, 529 + delay    failure    yes        no: the server refuses and says when to come back (RFC 9110, 15.6.4)
//	other 5xx, 529      failure    yes        yes: a gateway's 502, 503 or 504 tells nothing of the server behind it
//
// The retryable set is that of the OpenAI and Anthropic SDKs without 501 and
// 505, which no repetition can mend.
func httpStatus(err error, in survey) (string, meaning, bool) {
	code, carrier := statusOf(err)
	if !isErrorStatus(code) {
		return "", meaning{}, false
	}
	name := statusNames[code-lowestError]
	switch code {
	case http.StatusRequestTimeout:
		return name, failedBefore, true
	case http.StatusConflict:
		return name, ignoredPassing, true
	case http.StatusTooManyRequests:
		if quotaUsedUp(carrier) {
			return HTTPQuota, meanings[HTTPQuota], true
		}
		return name, throttled, true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return name, failed, true
	case http.StatusServiceUnavailable, statusOverloaded:
		return name, meaning{outcome: policies.Failure, retryable: true, ambiguous: !namesDelay(err, in)}, true
	}
	if code < 500 {
		return name, ignored, true
	}
	return name, failedAfter, true
}

const lowestError, highestError = 400, 599

func isErrorStatus(code int) bool { return code >= lowestError && code <= highestError }

// statusNames holds the conditions of the statuses that are errors, so that none
// is put together while calls fail.
var statusNames = func() (names [highestError - lowestError + 1]string) {
	for i := range names {
		names[i] = "http." + strconv.Itoa(lowestError+i)
	}
	return names
}()

// statusOf returns the HTTP status err carries, and the error that carries
// it; 0 if there is none.
func statusOf(err error) (int, error) {
	if c, ok := errors.AsType[statusCoder](err); ok && c.StatusCode() != 0 {
		return c.StatusCode(), c
	}
	if c, ok := errors.AsType[httpStatusCoder](err); ok {
		return c.HTTPStatusCode(), c
	}
	return 0, nil
}

// quotaTokens are the error codes and types by which a 429 says that an
// account has nothing left to spend. The prose around them is no guide:
// others say "check your plan and billing" for a limit that passes.
var quotaTokens = []string{
	"insufficient_quota", "billing_hard_limit", "billing_not_active", "billing_error", "insufficient_balance",
}

func quotaUsedUp(carrier error) bool {
	var text string
	if e, ok := carrier.(*StatusError); ok { //nolint:errorlint // the carrier itself, not what it wraps
		text = string(e.Body)
	} else {
		text = carrier.Error()
	}
	text = strings.ToLower(text)
	for _, token := range quotaTokens {
		if strings.Contains(text, token) {
			return true
		}
	}
	return false
}
