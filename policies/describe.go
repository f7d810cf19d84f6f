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
}

// Describe returns every setting of p in the order of the structs, for a
// program that shows a resolved policy. Durations are printed as Go durations,
// [Never] as "never", an empty list as "none".
func Describe(p Policy) []Field {
	var fields []Field
	describe(reflect.ValueOf(p), reflect.ValueOf(Default(p.Type)), "", &fields)
	return fields
}

func describe(v, builtIn reflect.Value, prefix string, fields *[]Field) {
	for i := range v.NumField() {
		path := prefix + v.Type().Field(i).Tag.Get("koanf")
		if v.Field(i).Kind() == reflect.Struct {
			describe(v.Field(i), builtIn.Field(i), path+".", fields)
			continue
		}
		*fields = append(*fields, Field{
			Path:    path,
			Value:   word(v.Field(i).Interface()),
			Default: same(v.Field(i), builtIn.Field(i)),
		})
	}
}

func word(v any) string {
	switch v := v.(type) {
	case int:
		if v == Never {
			return "never"
		}
	case []string:
		if len(v) == 0 {
			return "none"
		}
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(v)
}

// same takes a nil list for an empty one, as Equal does.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// Equal reports whether a and b say the same. The order of CustomExceptions
// counts; a nil list equals an empty one.
func Equal(a, b Policy) bool {
	if !slices.Equal(a.Retry.CustomExceptions, b.Retry.CustomExceptions) {
		return false
	}
	a.Retry.CustomExceptions, b.Retry.CustomExceptions = nil, nil
	return reflect.DeepEqual(a, b)
}
