package policies

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrUnknownTarget is what errors.Is finds in an [UnknownTargetError].
var ErrUnknownTarget = errors.New("unknown target")

// UnknownTargetError says that a [Set] has no target of that name.
type UnknownTargetError struct {
	// Name is what was asked for.
	Name string
	// Near is the known name it is most likely a misspelling of, or "".
	Near string
}

// Error names the target, the nearest known one, and what to do.
func (e *UnknownTargetError) Error() string {
	if e.Name == "" {
		return "unknown target: the name is empty; pass the name of a declared target"
	}
	declare := "declare it under targets in the configuration, or add it to the set in code"
	if e.Near != "" {
		return fmt.Sprintf("unknown target %s: did you mean %q? If not, %s", quote(e.Name), e.Near, declare)
	}
	return fmt.Sprintf("unknown target %s: %s", quote(e.Name), declare)
}

// Is reports whether target is [ErrUnknownTarget].
func (e *UnknownTargetError) Is(target error) bool { return target == ErrUnknownTarget }

// Set holds the validated policy of every target by name. It never changes:
// [Set.With] returns a new one, and what goes in or comes out is a copy. Any
// number of goroutines may use it at the same time.
//
// The four operation types are always there as targets under their own names.
type Set struct {
	policies map[string]*Policy
	names    []string
	// origins knows where values come from, nil if nobody does, and of the
	// targets in code alone it is not asked.
	origins Origins
	code    map[string]bool
}

// Origins says where the value of a target's setting comes from, and false
// where it doesn't know: it is then built in, or from code.
type Origins func(target, path string) (Origin, bool)

// NewSet builds a set of the given targets. An operation type that is not
// among them gets its own target with its built-in policy. Nil gives the four
// of them.
//
// Every bad name and every bad setting of every target is reported together,
// as an [Errors] with paths such as targets.weather_api.pool.workers. So is every
// target that says otherwise than another one whose retry budget it shares, and
// every one that falls back to what it can't.
func NewSet(targets map[string]Policy) (*Set, error) {
	var found Errors
	all := make(map[string]*Policy, len(targets)+4)
	for _, t := range OperationTypes() {
		p := Default(t)
		all[string(t)] = &p
	}
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		p := targets[name].clone()
		found = append(found, checkTarget(name, p)...)
		all[name] = &p
	}
	found = append(found, sharedContradictions(all)...)
	found = append(found, fallbackContradictions(all)...)
	if err := found.orNil(); err != nil {
		return nil, err
	}
	return SetOf(all, nil), nil
}

// SetOf makes a set of what a loader has already found to be right: names and
// policies as [NewSet] wants them, the four operation types among them. The set
// owns the map and the policies from now on. Origins may be nil, and must be
// safe for concurrent use.
func SetOf(targets map[string]*Policy, origins Origins) *Set {
	return &Set{policies: targets, names: slices.Sorted(maps.Keys(targets)), origins: origins}
}

// With returns a new set in which name has the policy p, new or replaced.
// Errors are those of [NewSet].
func (s *Set) With(name string, p Policy) (*Set, error) {
	if err := checkTarget(name, p).orNil(); err != nil {
		return nil, err
	}
	all := maps.Clone(s.policies)
	p = p.clone()
	all[name] = &p
	if err := append(sharedContradictions(all), fallbackContradictions(all)...).orNil(); err != nil {
		return nil, err
	}
	code := maps.Clone(s.code)
	if code == nil {
		code = map[string]bool{}
	}
	code[name] = true
	return &Set{policies: all, names: slices.Sorted(maps.Keys(all)), origins: s.origins, code: code}, nil
}

// Target returns the policy of the named target, or an [UnknownTargetError].
func (s *Set) Target(name string) (Policy, error) {
	p, ok := s.policies[name]
	if !ok {
		return Policy{}, s.unknown(name)
	}
	return p.clone(), nil
}

// Has says whether there is a target of that name. Unlike [Set.Target] it copies
// nothing, and looks for no similar name where there is none.
func (s *Set) Has(name string) bool {
	_, ok := s.policies[name]
	return ok
}

// Defaults returns the policy of the operation type's own target: the built-in
// one with whatever the configuration says for all targets, for the type, and
// for the target of that name. For a type that is not one of the four it
// returns what [Default] does.
func (s *Set) Defaults(t OperationType) Policy {
	if !slices.Contains(OperationTypes(), t) {
		return Default(t)
	}
	return s.policies[string(t)].clone()
}

// Explain returns every setting of the named target with where its value comes
// from: a file with line and column, a variable, code, or the built-in default.
// The error is an [UnknownTargetError].
func (s *Set) Explain(name string) ([]Field, error) {
	p, ok := s.policies[name]
	if !ok {
		return nil, s.unknown(name)
	}
	fields := Describe(*p)
	for i := range fields {
		fields[i].Origin = s.originOf(name, fields[i].Path, fields[i].Default)
	}
	return fields, nil
}

func (s *Set) originOf(target, path string, isDefault bool) Origin {
	if s.origins != nil && !s.code[target] {
		if o, ok := s.origins(target, path); ok {
			return o
		}
	}
	if isDefault {
		return Origin{}
	}
	return Origin{Source: FromCode}
}

// Names returns the names of all targets, sorted.
func (s *Set) Names() []string { return slices.Clone(s.names) }

// Len returns the number of targets, the four operation types included.
func (s *Set) Len() int { return len(s.names) }

func (s *Set) unknown(name string) error {
	e := &UnknownTargetError{Name: name}
	if len(name) <= maxTargetName {
		e.Near = Nearest(name, s.names)
	}
	return e
}

// checkTarget reports what is wrong with a target's name and policy, with
// paths from the root of the configuration.
func checkTarget(name string, p Policy) Errors {
	var found Errors
	var bad *FieldError
	if errors.As(ValidateTargetName(name), &bad) {
		found = append(found, bad)
	}
	at := FieldPath("targets", name)
	var invalid Errors
	if errors.As(p.Validate(), &invalid) {
		for _, e := range invalid {
			e.Path = at + "." + e.Path
			if e.Related != "" {
				e.Related = at + "." + e.Related
			}
			found = append(found, e)
		}
	}
	if t := OperationType(name); slices.Contains(OperationTypes(), t) && slices.Contains(OperationTypes(), p.Type) && p.Type != t {
		found = append(found, &FieldError{
			Path: at + ".type", Value: string(p.Type),
			Problem: fmt.Sprintf("must be %s: the target named after an operation type holds that type's policy", name),
		})
	}
	return found
}

// clone returns p with slices of its own.
func (p Policy) clone() Policy {
	for _, names := range []*[]string{
		&p.Retry.CustomExceptions, &p.Retry.RetryOn, &p.Retry.NeverRetry, &p.Breaker.Ignore, &p.Breaker.TripOn, &p.Breaker.WallOn,
	} {
		*names = slices.Clone(*names)
	}
	return p
}
