package classify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// Matcher reports whether an error, with the verdict reached on it so far,
// meets a condition.
type Matcher func(err error, v Verdict) bool

// Conditions is an immutable set of named conditions, one list of a policy.
// Its zero value is empty and matches nothing. It is a value: copy
// it freely and use it from any goroutine.
type Conditions struct {
	names    []string
	matchers []Matcher
}

// ParseConditions looks up every name, as [Lookup] does. Repetitions count
// once. If names are not known it returns an [*UnknownNamesError] that lists
// all of them.
func ParseConditions(names []string) (Conditions, error) {
	var c Conditions
	if missing := c.add(names); missing != nil {
		return Conditions{}, &UnknownNamesError{Names: missing}
	}
	return c, nil
}

// add looks up more names and returns those that nobody knows. It is for a set
// that nobody else holds yet.
func (c *Conditions) add(names []string) (missing []UnknownName) {
	met := make(map[string]bool, len(c.names)+len(names))
	for _, name := range c.names {
		met[name] = true
	}
	for i, name := range names {
		match, ok := Lookup(name)
		switch {
		case !ok:
			missing = append(missing, unknownName(i, name))
		case !met[name]:
			met[name] = true
			c.names, c.matchers = append(c.names, name), append(c.matchers, match)
		}
	}
	return missing
}

func unknownName(index int, name string) UnknownName {
	u := UnknownName{Index: index, Name: name}
	if u.Reason = pythonRefused[strings.TrimPrefix(name, "builtins.")]; u.Reason == "" {
		u.Nearest = policies.Nearest(name, knownNames())
	}
	return u
}

// Match reports whether any of the conditions holds for err, on which the
// verdict so far is v.
func (c Conditions) Match(err error, v Verdict) bool {
	for _, match := range c.matchers {
		if match(err, v) {
			return true
		}
	}
	return false
}

// Names returns the names the set was made from, in their order.
func (c Conditions) Names() []string { return slices.Clone(c.names) }

// UnknownName is a condition name that nobody knows.
type UnknownName struct {
	// Index is its place in the list that was parsed, from 0.
	Index int
	// Name is what was written there.
	Name string
	// Nearest is the known name most like it; empty if none is near.
	Nearest string
	// Reason says why a name that Python has is none here; empty for any other.
	Reason string
}

// String says what is wrong with the name and what to write in its place.
func (u UnknownName) String() string {
	if u.Reason != "" {
		return fmt.Sprintf("%q can't be an error condition: it %s; name what may pass, such as ConnectionError, TimeoutError or http.503", u.Name, u.Reason)
	}
	if u.Nearest != "" {
		return fmt.Sprintf("unknown error condition %q, did you mean %q?", u.Name, u.Nearest)
	}
	return fmt.Sprintf("unknown error condition %q: name a condition (net.timeout, http.503, grpc.Unavailable), "+
		"a Go type (*net.OpError), a Python exception (requests.Timeout), or register it with classify.Register", u.Name)
}

// UnknownNamesError lists every unknown name of a list of conditions.
type UnknownNamesError struct {
	// Path is the setting that holds the list, relative to the policy:
	// "retry_policy.retry_on". It is empty for a list by itself.
	Path string
	// Names are the unknown names, in their order. There is at least one.
	Names []UnknownName
}

// Error returns one line a name, each with the path.
func (e *UnknownNamesError) Error() string {
	lines := make([]string, len(e.Names))
	for i, u := range e.Names {
		lines[i] = fmt.Sprintf("%s[%d]: %s", e.Path, u.Index, u)
	}
	return strings.Join(lines, "\n")
}
