package load

import (
	"reflect"
	"time"

	tomllib "github.com/pelletier/go-toml/v2"
)

// scalar returns a value that can be shown under one of our settings, and nil
// for any other: a list or a block that stands there by mistake may hold
// secrets, and a pointer says nothing.
func scalar(v any) any {
	switch v.(type) {
	case time.Time, tomllib.LocalDate, tomllib.LocalTime, tomllib.LocalDateTime:
		return v
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.Bool, r.CanInt(), r.CanUint(), r.CanFloat(), r.Kind() == reflect.String:
		return v
	}
	return nil
}

// shape says what a value is without showing it.
func shape(v any) string {
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.Bool:
		return "a boolean"
	case r.CanInt(), r.CanUint(), r.CanFloat():
		return "a number"
	case r.Kind() == reflect.String:
		return "text"
	case r.Kind() == reflect.Map:
		return "a block"
	case r.Kind() == reflect.Slice, r.Kind() == reflect.Array:
		return "a list"
	case scalar(v) != nil:
		return "a date"
	case !r.IsValid():
		return "null"
	default:
		return "a value of the Go type " + r.Type().String()
	}
}
