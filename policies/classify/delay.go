package classify

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestDelay bounds every delay a server may name, so that nothing that
// adds to one can overflow.
const longestDelay = 365 * 24 * time.Hour

// serverDelay returns the delay err says its server asked for: by a
// RetryAfter method, by a gRPC RetryInfo detail, or by a [StatusError]'s
// headers, in that order.
func serverDelay(err error, now time.Time, in survey) (time.Duration, bool) {
	if in.holds(delays) {
		if e, ok := errors.AsType[maybeDelayer](err); ok {
			if d, named := e.RetryAfter(); named {
				return bounded(d), true
			}
		}
		if e, ok := errors.AsType[delayer](err); ok {
			if d := e.RetryAfter(); d > 0 {
				return bounded(d), true
			}
		}
	}
	if in.rpc.hasDelay {
		return bounded(in.rpc.delay), true
	}
	if !in.holds(answers) {
		return 0, false
	}
	if e, ok := errors.AsType[*StatusError](err); ok {
		return headerDelay(e.Header, now)
	}
	return 0, false
}

// namesDelay reports whether err names a delay. Whether it does never depends
// on the time, only how long it is.
func namesDelay(err error, in survey) bool {
	_, ok := serverDelay(err, time.Time{}, in)
	return ok
}

// headerDelay reads retry-after-ms (milliseconds, of the OpenAI and Azure
// APIs), then Retry-After (RFC 9110, section 10.2.3: seconds or a date;
// fractions of a second are accepted as well). A date is taken relative to
// the answer's own Date, so that clocks that differ do no harm, else to now.
// A delay in the past is 0, an absurd one a year, and junk is none.
func headerDelay(h http.Header, now time.Time) (time.Duration, bool) {
	if d, ok := decimal(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return d, true
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if d, ok := decimal(value, time.Second); ok {
		return d, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(strings.TrimSpace(h.Get("Date"))); err == nil {
		now = date
	}
	return bounded(at.Sub(now)), true
}

// decimal reads a plain decimal number of units: no exponent, no hexadecimal,
// no infinity.
func decimal(value string, unit time.Duration) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value == "" || strings.Trim(value, "+-.0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	n = min(max(n, 0), float64(longestDelay/unit))
	return time.Duration(math.Round(n * float64(unit))), true
}

func bounded(d time.Duration) time.Duration {
	return min(max(d, 0), longestDelay)
}
