package load

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// convert turns a parsed value into that of a setting, or says what the value
// must be. Only what is exactly right is taken: nothing is guessed from text.
// It returns a bool, int64, float64, string, or for a time the nanoseconds as
// int64. Lists are the matter of [convertNames].
func convert(s *setting, v any) (value any, problem string) {
	switch s.Kind {
	case policies.Boolean:
		if b, ok := v.(bool); ok {
			return b, ""
		}
		return nil, "must be true or false, without quotes"
	case policies.Integer:
		return convertInteger(s, v)
	case policies.Number:
		if f, ok := asNumber(v); ok {
			return f, ""
		}
		return nil, "must be a number, without quotes"
	case policies.Duration:
		return convertDuration(v)
	}
	if word, ok := asText(v); ok {
		return word, ""
	}
	return nil, "must be text"
}

// asNumber takes the number types of the parsers, and those of Go, which a
// koanf provider may give.
func asNumber(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int64:
		return float64(n), true
	case int:
		return float64(n), true
	}
	switch r := reflect.ValueOf(v); {
	case !r.IsValid(), r.Type() == reflect.TypeFor[time.Duration]():
		return 0, false
	case r.CanInt():
		return float64(r.Int()), true
	case r.CanUint():
		return float64(r.Uint()), true
	case r.CanFloat():
		return r.Float(), true
	}
	return 0, false
}

// asText takes text, and Go types made of it.
func asText(v any) (string, bool) {
	if s, ok := v.(string); ok {
		return s, true
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.String {
		return r.String(), true
	}
	return "", false
}

// convertInteger takes 3.0 for 3, because JSON has one kind of number.
func convertInteger(s *setting, v any) (any, string) {
	must := "must be a whole number, without quotes"
	if s.Never {
		if text, _ := asText(v); text == "never" {
			return int64(policies.Never), ""
		}
		must += `, or "never"`
	}
	f, ok := asNumber(v)
	switch {
	case !ok || f != math.Trunc(f):
		return nil, must
	case math.Abs(f) > policies.Never:
		return nil, beyond(s)
	}
	return int64(f), ""
}

// beyond says what is allowed where a whole number is greater than any setting
// can have.
func beyond(s *setting) string {
	if s.Never {
		return fmt.Sprintf(`must be from %v to %d, or "never"`, s.Least, policies.Never-1)
	}
	return fmt.Sprintf("must be from %d to %d", int64(s.Least), int64(s.Most))
}

func convertDuration(v any) (any, string) {
	if d, ok := v.(time.Duration); ok {
		return int64(d), ""
	}
	if s, ok := asText(v); ok {
		if _, isNumber := decimal(s); isNumber {
			return nil, fmt.Sprintf("a number in quotes has no unit; write it without quotes for seconds, or %q", s+"s")
		}
		return parseDuration(s)
	}
	f, ok := asNumber(v)
	if !ok || math.IsNaN(f) {
		return nil, `must be a number of seconds, or text such as "1.5s"`
	}
	return inSeconds(f)
}

// longDuration is what [time.ParseDuration] refuses only because it is too long.
var longDuration = regexp.MustCompile(`^[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`)

const tooLong = "is out of range: a time of more than 292 years"

func parseDuration(s string) (any, string) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil && longDuration.MatchString(s):
		return nil, tooLong
	case err != nil:
		return nil, `must be a number of seconds, or text with a unit such as "1.5s" or "200ms"`
	}
	return int64(d), ""
}

func inSeconds(f float64) (any, string) {
	nanoseconds := math.Round(f * float64(time.Second))
	switch {
	case nanoseconds >= math.MaxInt64 || nanoseconds <= math.MinInt64:
		return nil, tooLong
	case nanoseconds == 0 && f != 0:
		return nil, "is shorter than a nanosecond; write 0 if that is meant"
	}
	return int64(nanoseconds), ""
}

// convertNames makes names of a list, with nothing for the entries that are not
// text, whose indices it returns as well.
func convertNames(v any) (names []string, odd []int, isList bool) {
	if names, ok := v.([]string); ok { // a provider's, which it may change
		return slices.Clone(names), nil, true
	}
	entries, ok := v.([]any)
	if !ok {
		return nil, nil, false
	}
	names = make([]string, len(entries))
	for i, e := range entries {
		if names[i], ok = asText(e); !ok {
			odd = append(odd, i)
		}
	}
	return names, odd, true
}

// shown is a converted value as an error shows it: a list is too long.
func shown(s *setting, value any) any {
	switch s.Kind {
	case policies.Duration:
		return time.Duration(value.(int64))
	case policies.Integer:
		return int(value.(int64))
	case policies.Names:
		return nil
	}
	return value
}

// assign stores a converted value in the setting's field of p.
func assign(s *setting, p *policies.Policy, value any) {
	field := s.Value(p)
	switch value := value.(type) {
	case bool:
		field.SetBool(value)
	case int64:
		field.SetInt(value)
	case float64:
		field.SetFloat(value)
	case string:
		field.SetString(value)
	case []string:
		field.Set(reflect.ValueOf(value))
	}
}
