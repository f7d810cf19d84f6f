package classify

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// registered holds users' own conditions. It has no lock: it is filled before
// anything is parsed or classified, and only read from then on.
var registered = map[string]func(error) bool{}

// Register gives a name to a condition of your own, so that configuration can
// use it: an answer of a driver, an error with a code in it. For a sentinel
// there is [RegisterError], for a type [RegisterType].
//
// match must be fast and safe for concurrent use. It is called with the errors
// of the failed attempts of every target whose policy has the name, with one
// that stands in two lists more than once. It runs on the attempt's goroutine:
// one that panics or blocks costs that attempt, which then counts as a failure
// nothing is known about, and no other.
//
// Call it before the start, from an init function or at the top of main: it
// must not run at the same time as anything else in this package.
//
// It returns an error, and registers nothing, for a nil match, a name that
// already means something, and a name that configuration couldn't hold: an
// empty one, one with a comma (which separates names in environment
// variables), with a space at either end, or with characters that don't print.
func Register(name string, match func(error) bool) error {
	return register("Register", name, match, "match function")
}

// RegisterError gives a name to a sentinel error: errors.Is finds it in an
// error that meets the condition. All else is as with [Register]; a nil
// sentinel is an error.
func RegisterError(name string, sentinel error) error {
	var match func(error) bool
	if sentinel != nil {
		match = is(sentinel)
	}
	return register("RegisterError", name, match, "sentinel error")
}

// RegisterType gives a name to a type of errors: errors.AsType finds an E in
// an error that meets the condition. T and *T are two types: name the one that
// the errors are. E may be an interface. All else is as with [Register].
func RegisterType[E error](name string) error {
	return register("RegisterType", name, isType[E], "type")
}

// register does what the three have in common; what is the thing that a nil
// match stands for.
func register(function, name string, match func(error) bool, what string) error {
	problem := nameProblem(name)
	if problem == "" && match == nil {
		problem = fmt.Sprintf("%q has a nil %s", name, what)
	}
	if problem == "" {
		if _, taken := Lookup(name); taken {
			problem = fmt.Sprintf("%q already names a condition: choose another name", name)
		}
	}
	if problem != "" {
		return fmt.Errorf("classify.%s: %s", function, problem)
	}
	registered[name] = match
	return nil
}

func nameProblem(name string) string {
	switch {
	case name == "":
		return "the name is empty: give the condition a name"
	case strings.Contains(name, ","):
		return fmt.Sprintf("%q has a comma, which separates names in environment variables: choose another name", name)
	case strings.TrimSpace(name) != name:
		return fmt.Sprintf("%q begins or ends with a space: take it off", name)
	case !utf8.ValidString(name), strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }):
		return fmt.Sprintf("%q has characters that do not print: choose another name", name)
	}
	return ""
}
