package classify

import (
	"errors"
	"fmt"
)

// registered holds users' own conditions. It has no lock: it is filled before
// anything is parsed or classified, and only read from then on.
var registered = map[string]func(error) bool{}

// Register gives a name to a condition of your own, so that configuration can
// use it: an error of a driver, a sentinel of your program. match must be fast
// and safe for concurrent use; it is called with every failed attempt's error.
//
// Call it before the start, from an init function or at the top of main: it
// must not run at the same time as anything else in this package.
//
// It returns an error, and registers nothing, for an empty name, a nil match,
// or a name that already means something.
func Register(name string, match func(error) bool) error {
	if name == "" {
		return errors.New("classify.Register: the name is empty: give the condition a name")
	}
	if match == nil {
		return fmt.Errorf("classify.Register: %q has a nil match function", name)
	}
	if _, taken := Lookup(name); taken {
		return fmt.Errorf("classify.Register: %q already names a condition: choose another name", name)
	}
	registered[name] = match
	return nil
}
