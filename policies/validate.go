package policies

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Validate reports every setting of p that is out of its range, with paths
// relative to the policy ("retry_policy.max_attempts"). The ranges are those
// in the fields' comments; they hold for switched-off halves as well. Nothing
// is clamped or filled in.
//
// The error is nil or an [Errors], and errors.Is finds [ErrInvalid] in it.
// What the name of an error condition means is checked where it is resolved,
// by package classify; here it must only not be empty.
func (p Policy) Validate() error {
	var found Errors
	v := reflect.ValueOf(&p).Elem()
	for i := range settings {
		found = append(found, settings[i].check(v.FieldByIndex(settings[i].index))...)
	}
	found = append(found, p.contradictions()...)
	return found.orNil()
}

// Contradictions reports settings that are right by themselves and can't both
// hold, as [Policy.Validate] does last. Each error has a Related field.
//
// A name in two lists is none: a target may take back with NeverRetry what
// RetryOn says for all of them.
func (p *Policy) Contradictions() error { return p.contradictions().orNil() }

// Check reports what is wrong with value, of the type of the setting's field,
// by itself. The error is nil or an [Errors], as [Policy.Validate] returns it.
func (s Setting) Check(value any) error {
	return s.check(reflect.ValueOf(value)).orNil()
}

func (s *Setting) check(v reflect.Value) Errors {
	if s.Kind == Names {
		return s.checkNames(v)
	}
	problem := ""
	switch s.Kind {
	case Integer:
		problem = s.checkInteger(v.Int())
	case Number:
		// Written so that NaN, which compares false with all, is refused.
		if f := v.Float(); !(f >= s.Least && f <= s.Most) {
			problem = fmt.Sprintf("must be a number from %v to %v", s.Least, s.Most)
		}
	case Duration:
		problem = s.checkDuration(time.Duration(v.Int()))
	case Word:
		problem = s.checkWord(v.String())
	case Name:
		if name := v.String(); name != "" {
			problem = nameProblem("a name", name)
		}
	}
	switch {
	case problem == "":
		return nil
	case s.Kind == Word:
		return Errors{{Path: s.Path, Value: v.String(), Problem: problem}}
	}
	return Errors{{Path: s.Path, Value: v.Interface(), Problem: problem}}
}

func (s *Setting) checkInteger(n int64) string {
	switch {
	case float64(n) >= s.Least && float64(n) <= s.Most:
		return ""
	case s.Never:
		return fmt.Sprintf(`must be at least %v, or "never" to turn the rule off`, s.Least)
	}
	return fmt.Sprintf("must be from %d to %d", int64(s.Least), int64(s.Most))
}

func (s *Setting) checkDuration(d time.Duration) string {
	switch {
	case s.Over && d <= 0:
		return "must be over 0"
	case d < 0:
		return "must not be negative"
	case float64(d) > s.Most:
		return fmt.Sprintf("must be at most %v", time.Duration(s.Most))
	}
	return ""
}

func (s *Setting) checkWord(word string) string {
	if slices.Contains(s.Words, word) {
		return ""
	}
	must := "must be one of " + strings.Join(s.Words, ", ")
	if near := Nearest(word, s.Words); near != "" {
		return fmt.Sprintf("did you mean %q? It %s", near, must)
	}
	return must
}

func (s *Setting) checkNames(v reflect.Value) Errors {
	if n := v.Len(); float64(n) > s.Most {
		// Of the list itself nothing is shown: it is long.
		return Errors{{Path: s.Path, Problem: fmt.Sprintf("must have at most %d names, not %d", int(s.Most), n)}}
	}
	var found Errors
	for i := range v.Len() {
		if name := v.Index(i).String(); strings.TrimSpace(name) == "" {
			found = append(found, &FieldError{
				Path: fmt.Sprintf("%s[%d]", s.Path, i), Value: name, Problem: "must name an error condition, not be empty",
			})
		}
	}
	return found
}

func (p *Policy) contradictions() Errors {
	var found Errors
	bounded := func(path string, value any, bound, related string, other any, ok bool) {
		if !ok {
			_, leaf, _ := strings.Cut(related, ".")
			found = append(found, &FieldError{
				Path: path, Value: value, Related: related,
				Problem: fmt.Sprintf("must be %s %s, which is %v", bound, leaf, other),
			})
		}
	}
	r, b := &p.Retry, &p.Breaker
	bounded("retry_policy.max_wait", r.MaxWait, "at least", "retry_policy.min_wait", r.MinWait,
		r.MinWait < 0 || r.MaxWait < 0 || r.MinWait <= r.MaxWait)
	bounded("circuit_breaker.minimum_calls", b.MinimumCalls, "at most", "circuit_breaker.window_calls", b.WindowCalls,
		b.WindowDuration != 0 || b.WindowCalls < 1 || b.MinimumCalls <= b.WindowCalls)
	bounded("circuit_breaker.max_recovery_timeout", b.MaxRecoveryTimeout, "at least", "circuit_breaker.recovery_timeout", b.RecoveryTimeout,
		b.RecoveryTimeout <= 0 || b.MaxRecoveryTimeout <= 0 || b.RecoveryTimeout <= b.MaxRecoveryTimeout)
	bounded("pool.min_workers", p.Pool.MinWorkers, "at most", "pool.workers", p.Pool.Workers,
		p.Pool.MinWorkers < 1 || p.Pool.Workers < 1 || p.Pool.MinWorkers <= p.Pool.Workers)
	return found
}
