package classify

import (
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// If it failed, a server that asks for a number of seconds would be given another
// one. The number is read a second time, exactly.
func FuzzRetryAfterSeconds(f *testing.F) {
	for _, seed := range []string{"0", "1", "120", "-5", "+3", "0.29", "1.", ".5", "1.0000000004", "99999999999999999999", "1e3", "0x1", "1_0", " 7\t", ".", "+-1", "", "Inf"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for header, unit := range map[string]time.Duration{"Retry-After": time.Second, "Retry-After-Ms": time.Millisecond} {
			got, named := headerDelay(http.Header{header: {text}}, noon)
			want, isNumber := exactly(strings.TrimSpace(text), unit)
			if !isNumber {
				if _, err := http.ParseTime(strings.TrimSpace(text)); err != nil || header == "Retry-After-Ms" {
					require.False(t, named, "%s: %q", header, text)
				}
				continue
			}
			require.True(t, named, "%s: %q", header, text)
			// A float has 53 bits, so from some weeks on it is not exact to the nanosecond.
			require.InDelta(t, float64(want), float64(got), 1+float64(want)*1e-15, "%s: %q", header, text)
		}
	})
}

// exactly reads a plain decimal number with fractions of whole numbers.
func exactly(text string, unit time.Duration) (time.Duration, bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	if len(text)-len(digits) > 1 || strings.Trim(digits, ".0123456789") != "" || strings.Trim(digits, ".") == "" || strings.Count(digits, ".") > 1 {
		return 0, false
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	n.Mul(n, new(big.Rat).SetInt64(int64(unit)))
	switch {
	case n.Sign() < 0:
		return 0, true
	case n.Cmp(new(big.Rat).SetInt64(int64(longestDelay))) > 0:
		return longestDelay, true
	}
	nearest := new(big.Int).Quo(new(big.Int).Add(new(big.Int).Lsh(n.Num(), 1), n.Denom()), new(big.Int).Lsh(n.Denom(), 1))
	return time.Duration(nearest.Int64()), true
}

// If it failed, an answer that a hostile server gives could set an impossible
// verdict, or put more than a line into a log.
func FuzzStatusError(f *testing.F) {
	f.Add(429, "insufficient_quota", "", "", "")
	f.Add(503, "busy\r\n\x00", "9", "", "false")
	f.Add(529, strings.Repeat("é", 200), "", "1.5", "true")
	f.Add(200, "", "soon", "-1", "yes")
	f.Add(409, "\xff\xfe", "Mon, 04 May 2026 12:00:09 GMT", "", "")
	f.Fuzz(func(t *testing.T, status int, body, after, millis, again string) {
		h := http.Header{"Retry-After": {after}, "Retry-After-Ms": {millis}, "X-Should-Retry": {again}}
		err := &StatusError{Method: "POST", URL: "https://x.test/", StatusCode: status, Header: h, Body: []byte(body)}
		v := Classify(err, nil, noon, Rules{})
		require.Equal(t, v, Classify(err, nil, noon, Rules{}), "two answers to one question")
		require.NotEmpty(t, v.Condition)
		require.GreaterOrEqual(t, v.Delay, time.Duration(0))
		require.LessOrEqual(t, v.Delay, longestDelay)
		require.True(t, v.HasDelay || v.Delay == 0)
		if status < 400 || status > 599 {
			require.False(t, strings.HasPrefix(v.Condition, "http."), v.Condition)
		} else if v.Outcome == policies.Failure {
			require.True(t, status == http.StatusRequestTimeout || status >= 500, "%d is the request's fault", status)
		}
		if v.Condition == HTTPQuota {
			require.False(t, v.Retryable, "no wait mends a used-up quota")
		}
		if v.Outcome == policies.Walled {
			require.True(t, v.WallUntil.IsZero() || v.WallUntil.After(noon))
			require.False(t, v.Retryable)
		}
		text := err.Error()
		require.True(t, utf8.ValidString(text))
		require.NotContains(t, text, "\n")
		require.Less(t, len(text), 2*maxExcerpt)
	})
}

// If it failed, a status made by another server than ours, with any details, would
// crash a program or set a wait without bounds.
func FuzzGRPCStatus(f *testing.F) {
	f.Add(uint32(14), int64(time.Second), true, true)
	f.Add(uint32(8), int64(-1), true, false)
	f.Add(uint32(0), int64(0), false, true)
	f.Add(uint32(4_000_000_000), int64(1)<<62, true, true)
	f.Fuzz(func(t *testing.T, code uint32, delay int64, first, second bool) {
		var details []any
		if second {
			details = append(details, nil, "text", struct{}{}, &rpcRetryInfo{})
		}
		if first {
			details = append(details, &rpcRetryInfo{&rpcDuration{time.Duration(delay)}})
		}
		v := Classify(grpcError(rpcCode(code), details...), nil, noon, Rules{})
		require.GreaterOrEqual(t, v.Delay, time.Duration(0))
		require.LessOrEqual(t, v.Delay, longestDelay)
		if code == 0 {
			require.Equal(t, Unknown, v.Condition)
			return
		}
		require.True(t, strings.HasPrefix(v.Condition, "grpc."), v.Condition)
		require.Equal(t, first, v.HasDelay, "the detail is found wherever it stands")
		if first {
			require.Equal(t, min(max(time.Duration(delay), 0), longestDelay), v.Delay)
		}
		if code == grpcResourceExhausted {
			require.Equal(t, first, v.Retryable, "only with a delay")
		}
	})
}

// If it failed, a name in a list would match something that nobody meant by it.
func FuzzLookup(f *testing.F) {
	for _, seed := range []string{"http.503", "http.5xx", "http.6xx", "http.+12", "http.", "grpc.CANCELLED", "grpc.Canceled", "grpc.OK", "sql.40001", "sql.4000a",
		"net.timeout", "*net.OpError", "**net.OpError", "requests.Timeout", "permanent", "", ".", "http.503.quota"} {
		f.Add(seed, 503)
	}
	f.Fuzz(func(t *testing.T, name string, status int) {
		match, ok := Lookup(name)
		require.Equal(t, match != nil, ok)
		if !ok || !strings.HasPrefix(name, "http.") || len(name) != len("http.503") {
			return
		}
		err := &StatusError{StatusCode: status}
		digits := name[len("http."):]
		want := status >= 100 && status <= 599 && int(digits[0]-'0') == status/100 &&
			(digits[1:] == "xx" || int(digits[1]-'0') == status/10%10 && int(digits[2]-'0') == status%10)
		require.Equal(t, want, match(err, Verdict{}), "%s for %d", name, status)
	})
}
