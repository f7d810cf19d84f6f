package policies

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Field is one setting of a policy, in words.
type Field struct {
	// Path is relative to the policy: "retry_policy.max_attempts".
	Path string
	// Value is how a file would have it: "1.5s", "never", "true".
	Value string
	// Default reports whether it is the built-in value of the policy's
	// operation type.
	Default bool
	// Origin says where the value comes from.
	Origin Origin
}

// Describe returns every setting of p in the order of the structs, for a
// program that shows a resolved policy. Durations are printed as Go durations,
// [Never] as "never", an empty list and an empty name as "none". The origin of what is not a
// default is [FromCode]; [Set.Explain] knows better.
func Describe(p Policy) []Field {
	builtIn := Default(p.Type)
	v, d := reflect.ValueOf(&p).Elem(), reflect.ValueOf(&builtIn).Elem()
	fields := make([]Field, len(settings))
	for i := range settings {
		s := &settings[i]
		value := v.FieldByIndex(s.index)
		fields[i] = Field{Path: s.Path, Value: s.word(value), Default: s.same(value, d.FieldByIndex(s.index))}
		if !fields[i].Default {
			fields[i].Origin.Source = FromCode
		}
	}
	return fields
}

// word is the value as a file would have it.
func (s *Setting) word(v reflect.Value) string {
	switch {
	case s.Never && v.Int() == Never:
		return "never"
	case s.Kind == Names && v.Len() == 0:
		return "none"
	case s.Kind == Names:
		return strings.Join(v.Interface().([]string), ", ")
	case s.Kind == Name && v.Len() == 0:
		return "none"
	}
	return fmt.Sprint(v.Interface())
}

// same takes a nil list for an empty one.
func (s *Setting) same(a, b reflect.Value) bool {
	switch s.Kind {
	case Boolean:
		return a.Bool() == b.Bool()
	case Integer, Duration:
		return a.Int() == b.Int()
	case Number:
		return a.Float() == b.Float()
	case Names:
		return slices.Equal(a.Interface().([]string), b.Interface().([]string))
	}
	return a.String() == b.String()
}

// Equal reports whether a and b say the same. The order of a list counts; a
// nil list equals an empty one.
func Equal(a, b Policy) bool {
	v, w := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
	for i := range settings {
		s := &settings[i]
		if !s.same(v.FieldByIndex(s.index), w.FieldByIndex(s.index)) {
			return false
		}
	}
	return true
}

// Equal reports whether b and c say the same, as [Equal] does of policies.
func (b Breaker) Equal(c Breaker) bool { return Equal(Policy{Breaker: b}, Policy{Breaker: c}) }
