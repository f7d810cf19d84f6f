package load

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// convert turns a parsed value into that of a setting, or says what the value
// must be. Only what is exactly right is taken: nothing is guessed from text.
// Times come out as int64 nanoseconds, which koanf hands out without a copy.
func convert(s setting, v any) (value any, problem string) {
	switch s.kind {
	case boolean:
		if b, ok := v.(bool); ok {
			return b, ""
		}
		return nil, "must be true or false, without quotes"
	case whole:
		return convertWhole(s, v)
	case number:
		if f, ok := asNumber(v); ok {
			return f, ""
		}
		return nil, "must be a number, without quotes"
	case seconds:
		return convertSeconds(v)
	case list:
		return convertList(v)
	}
	if s, ok := v.(string); ok {
		return s, ""
	}
	return nil, "must be text"
}

// asNumber takes the number types of the JSON and the YAML parser.
func asNumber(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// convertWhole takes 3.0 for 3, because JSON has one kind of number.
func convertWhole(s setting, v any) (any, string) {
	must := "must be a whole number, without quotes"
	if s.never {
		if v == "never" {
			return policies.Never, ""
		}
		must += `, or "never"`
	}
	f, ok := asNumber(v)
	switch {
	case !ok || f != math.Trunc(f):
		return nil, must
	case math.Abs(f) > policies.Never: // the greatest value any setting can have
		return nil, fmt.Sprintf("is out of range; %s of at most %d", must, policies.Never)
	}
	return int(f), ""
}

func convertSeconds(v any) (any, string) {
	if s, ok := v.(string); ok {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return nil, fmt.Sprintf("a number in quotes has no unit; write it without quotes for seconds, or %q", s+"s")
		}
		d, err := time.ParseDuration(s)
		if err != nil {
			return nil, `must be a number of seconds, or text with a unit such as "1.5s" or "200ms"`
		}
		return int64(d), ""
	}
	f, ok := asNumber(v)
	if !ok || math.IsNaN(f) {
		return nil, `must be a number of seconds, or text such as "1.5s"`
	}
	nanoseconds := math.Round(f * float64(time.Second))
	switch {
	case nanoseconds >= math.MaxInt64 || nanoseconds <= math.MinInt64:
		return nil, "is out of range: a time of more than 292 years"
	case nanoseconds == 0 && f != 0:
		return nil, "is shorter than a nanosecond; write 0 if that is meant"
	}
	return int64(nanoseconds), ""
}

func convertList(v any) (any, string) {
	entries, ok := v.([]any)
	if !ok {
		return nil, "must be a list of names"
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		if names[i], ok = e.(string); !ok {
			return nil, fmt.Sprintf("must be a list of names; entry [%d] is not text", i)
		}
	}
	return names, ""
}
