package policies

import "reflect"

// Change is one difference between two sets.
type Change struct {
	// Target is the target's name.
	Target string
	// Path is the setting, relative to the policy. Empty where the target
	// itself was added or removed.
	Path string
	// Old and New are the values, as [Describe] has them. For a target that
	// was added New is its operation type and Old is empty; for one that was
	// removed it is the other way round.
	Old, New string
	// Origin says where the new value comes from.
	Origin Origin
}

// String is one line:
// "payment_gateway: retry_policy.max_attempts 3 -> 5 (agent_config.json:7:5)".
func (c Change) String() string {
	switch {
	case c.Path == "" && c.Old == "":
		return c.Target + " added"
	case c.Path == "":
		return c.Target + " removed"
	}
	return c.Target + ": " + c.Path + " " + c.Old + " -> " + c.New + " (" + c.Origin.String() + ")"
}

// Diff lists what becomes different where before is replaced by after, by
// target and in the order of the settings. A target that is added or removed
// is one change, whatever its policy.
func Diff(before, after *Set) []Change {
	var changes []Change
	for _, name := range before.names {
		if _, kept := after.policies[name]; !kept {
			changes = append(changes, Change{Target: name, Old: string(before.policies[name].Type)})
		}
	}
	for _, name := range after.names {
		b, had := before.policies[name]
		a := after.policies[name]
		switch {
		case !had:
			changes = append(changes, Change{Target: name, New: string(a.Type)})
		case a != b && !Equal(*a, *b):
			changes = append(changes, after.changes(name, b, a)...)
		}
	}
	return changes
}

func (s *Set) changes(name string, before, after *Policy) []Change {
	var changes []Change
	builtIn := Default(after.Type)
	d := reflect.ValueOf(&builtIn).Elem()
	b, a := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	for i := range settings {
		setting := &settings[i]
		was, is := b.FieldByIndex(setting.index), a.FieldByIndex(setting.index)
		if setting.same(was, is) {
			continue
		}
		changes = append(changes, Change{
			Target: name, Path: setting.Path, Old: setting.word(was), New: setting.word(is),
			Origin: s.originOf(name, setting.Path, setting.same(is, d.FieldByIndex(setting.index))),
		})
	}
	return changes
}
