package load

import (
	"errors"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// Source is one place settings come from. Make one with [File], [Bytes],
// [Env], [BinduEnv], [Flags], [Provider], [Target] or [Policy]; the zero Source
// is an error when it is loaded. A Source is read anew by each [Load] and may
// be used by several goroutines.
type Source struct {
	name string
	// path is that of a file, empty for any other source.
	path string
	// fetch asks a provider, nil for any other source.
	fetch func() content
	// read gives what the source says. The content is that of the file or the
	// provider, empty for any other source.
	read func(content) (document, error)
}

// CanChange reports whether the source may say something else while the program
// runs, as a file and a provider may. Variables, flags and code can't.
func (s Source) CanChange() bool { return s.path != "" || s.fetch != nil }

// document is what one source says, parsed but not yet checked.
type document struct {
	values map[string]any
	// places says where the keys stand, nil if nowhere.
	places *places
	// entries finds where the entries of lists stand, by the path of the list
	// and the index. It goes over the source once more, so it is asked only
	// when something is wrong. nil where nobody knows.
	entries func() *places
	// variables are the settings of the environment or the command line, from
	// which values and places are made.
	variables []variable
	// folded says that the names of targets are to be compared without case
	// and punctuation, because a variable's name can't have them.
	folded bool
	// bindu says that the settings of operation types rank below all others.
	bindu bool
	// declared holds the targets that code declares, with their types, and
	// given those whose whole policy it gives.
	declared map[string]policies.OperationType
	given    map[string]policies.Policy
}

// load has the source say what it says. What can't be read is reported, and
// says nothing.
func (s Source) load(c content, found *report, index int) document {
	if s.read == nil {
		found.add(index, &policies.FieldError{
			Problem: "an empty load.Source; make one with load.File or another function of package load",
		})
		return document{}
	}
	if c.err != nil {
		found.addAll(index, s.name, c.err)
		return document{}
	}
	var doc document
	err := guarded("reading it", func() (err error) {
		doc, err = s.read(c)
		return err
	})
	found.addAll(index, s.name, err)
	return doc
}

// Bytes is a source for settings that are in memory already. Errors call it
// name. The data must not change until it is loaded.
func Bytes(name string, format Format, data []byte) Source {
	return Source{name: name, read: func(content) (document, error) { return parse(format, data) }}
}

// Target declares a target in code. It gets the resolved defaults of its
// operation type, with whatever the sources say under targets for its name. A
// type given there wins over t, wherever that source stands in the order.
func Target(name string, t policies.OperationType) Source {
	return Source{read: func(content) (document, error) {
		found := badName(name)
		// The built-in policy of a type is valid as soon as the type is.
		found = append(found, under(name, policies.Default(t).Validate())...)
		if len(found) > 0 {
			return document{}, found
		}
		return document{declared: map[string]policies.OperationType{name: t}}, nil
	}}
}

// Policy gives a target its whole policy in code. It wins over every other
// source, wherever it stands in the order. Of two for one target the later
// wins. It is checked when it is loaded, and so are the names of its error
// conditions.
func Policy(name string, p policies.Policy) Source {
	return Source{read: func(content) (document, error) {
		found := append(badName(name), under(name, p.Validate())...)
		found = append(found, under(name, unknownConditions(p))...)
		if own, isType := ownType(name); isType && p.Type != own {
			found = append(found, &policies.FieldError{
				Path: policies.FieldPath(targetsKey, name, typeKey), Value: string(p.Type), Problem: mustBeOwnType(own),
			})
		}
		if len(found) > 0 {
			return document{}, found
		}
		return document{given: map[string]policies.Policy{name: p}}, nil
	}}
}

// unknownConditions reports the names in a policy's lists that nobody knows.
func unknownConditions(p policies.Policy) error {
	var found policies.Errors
	_, err := classify.RulesOf(p)
	for _, list := range lists(err) {
		for _, u := range list.Names {
			if strings.TrimSpace(u.Name) == "" {
				continue // reported already
			}
			found = append(found, &policies.FieldError{Path: list.Path + index(u.Index), Problem: u.String()})
		}
	}
	return found
}

// lists takes the error of [classify.RulesOf] apart.
func lists(err error) []*classify.UnknownNamesError {
	var all []*classify.UnknownNamesError
	joined, _ := err.(interface{ Unwrap() []error })
	if joined == nil {
		return nil
	}
	for _, one := range joined.Unwrap() {
		var list *classify.UnknownNamesError
		if errors.As(one, &list) {
			all = append(all, list)
		}
	}
	return all
}

func badName(name string) policies.Errors {
	var bad *policies.FieldError
	if errors.As(policies.ValidateTargetName(name), &bad) {
		return policies.Errors{bad}
	}
	return nil
}

// under returns what is wrong with a target's policy, with the target's path.
func under(name string, err error) policies.Errors {
	var invalid policies.Errors
	errors.As(err, &invalid)
	for _, e := range invalid {
		at := policies.FieldPath(targetsKey, name)
		e.Path = at + "." + e.Path
		if e.Related != "" {
			e.Related = at + "." + e.Related
		}
	}
	return invalid
}
