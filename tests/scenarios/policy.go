package scenarios

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Policy is the policy with these settings. What they don't say is built in,
// but that nothing is drawn at random: no jitter, neither of waits nor of open times.
func Policy(settings []Setting) (policies.Policy, error) {
	p := policies.Default(policies.API)
	p.Retry.Jitter = policies.JitterNone
	p.Breaker.RecoveryJitter = 0
	for _, s := range settings {
		if err := set(&p, s); err != nil {
			return p, err
		}
	}
	return p, nil
}

// settingsBy are the settings by their paths, and by each end of a path.
var settingsBy = sync.OnceValue(func() map[string][]policies.Setting {
	all := map[string][]policies.Setting{}
	for _, s := range policies.Settings() {
		for rest, more := s.Path, true; more; {
			if _, rest, more = strings.Cut(rest, "."); more {
				all[rest] = append(all[rest], s)
			}
		}
	}
	for _, s := range policies.Settings() {
		all[s.Path] = []policies.Setting{s}
	}
	return all
})

// set changes one setting of a policy.
func set(p *policies.Policy, s Setting) error {
	found := settingsBy()[s.Key]
	if len(found) != 1 {
		return fmt.Errorf("%d settings are called %s", len(found), s.Key)
	}
	v := found[0].Value(p)
	value, err := valueOf(found[0].Kind, s.Value, v.Type())
	if err != nil {
		return fmt.Errorf("%s: %w", s.Key, err)
	}
	v.Set(value)
	return nil
}

func valueOf(kind policies.Kind, text string, as reflect.Type) (v reflect.Value, err error) {
	var value any
	switch kind {
	case policies.Boolean:
		value, err = strconv.ParseBool(text)
	case policies.Integer:
		if text == "never" {
			value = policies.Never
		} else {
			value, err = strconv.Atoi(text)
		}
	case policies.Number:
		value, err = strconv.ParseFloat(text, 64)
	case policies.Duration:
		value, err = time.ParseDuration(text)
	case policies.Names:
		value = strings.Split(text, ",")
	default:
		value = text
	}
	if err != nil {
		return v, err
	}
	return reflect.ValueOf(value).Convert(as), nil
}

// policiesOf gives the policies of all targets of a program, with the changes
// that reloads have made so far.
func policiesOf(targets []Target, changes map[string][]Setting) (map[string]policies.Policy, error) {
	all := map[string]policies.Policy{}
	for _, t := range targets {
		p, err := Policy(append(append([]Setting(nil), t.Settings...), changes[t.Name]...))
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", t.Name, err)
		}
		all[t.Name] = p
	}
	return all, nil
}

// Bystander is the name of a target that has no part in what goes wrong in a
// program: what is asked of it without anything special ends well and at once.
const Bystander = "z"

// Valid gives what is wrong with the settings of the program's targets.
func (p *Program) Valid() error {
	all, err := policiesOf(p.Targets, nil)
	if err != nil {
		return err
	}
	_, err = policies.NewSet(all)
	return err
}
