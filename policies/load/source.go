package load

import (
	"errors"

	"github.com/holdfast-go/holdfast/policies"
)

// Source is one place settings come from. Make one with [File], [Bytes] or
// [Target]; the zero Source is an error when it is loaded. A Source is read
// anew by each [Load] and may be used by several goroutines.
type Source struct {
	name string
	read func() (document, error)
}

// document is what one source says, parsed but not yet checked.
type document struct {
	name   string
	values map[string]any
	// lines holds the line of each key, by the key's joined path.
	lines lines
	// declared holds the targets that code declares, with their types.
	declared map[string]policies.OperationType
}

// load reads the source. What can't be read is reported, and says nothing.
func (s Source) load(found *report, index int) document {
	if s.read == nil {
		found.add(index, &policies.FieldError{
			Problem: "an empty load.Source; make one with load.File, load.Bytes or load.Target",
		})
		return document{}
	}
	doc, err := s.read()
	var several policies.Errors
	var one *policies.FieldError
	switch {
	case errors.As(err, &several):
	case errors.As(err, &one):
		several = policies.Errors{one}
	}
	for _, e := range several {
		e.Source = s.name
		found.add(index, e)
	}
	doc.name = s.name
	return doc
}

// Bytes is a source for settings that are in memory already. Errors call it
// name. The data must not change until it is loaded.
func Bytes(name string, format Format, data []byte) Source {
	return Source{name: name, read: func() (document, error) { return parse(format, data) }}
}

// Target declares a target in code. It gets the resolved defaults of its
// operation type, with whatever the sources say under targets for its name. A
// type given there wins over t, wherever that source stands in the order.
func Target(name string, t policies.OperationType) Source {
	return Source{read: func() (document, error) {
		var found policies.Errors
		var bad *policies.FieldError
		if errors.As(policies.ValidateTargetName(name), &bad) {
			found = append(found, bad)
		}
		// The built-in policy of a type is valid as soon as the type is.
		var invalid policies.Errors
		if errors.As(policies.Default(t).Validate(), &invalid) {
			for _, e := range invalid {
				e.Path = policies.FieldPath("targets", name, e.Path)
				found = append(found, e)
			}
		}
		if len(found) > 0 {
			return document{}, found
		}
		return document{declared: map[string]policies.OperationType{name: t}}, nil
	}}
}

// settings hands checked values to koanf.
type settings map[string]any

// Read implements koanf.Provider.
func (s settings) Read() (map[string]any, error) { return s, nil }

// ReadBytes implements koanf.Provider. Settings are never bytes again.
func (s settings) ReadBytes() ([]byte, error) {
	return nil, errors.New("settings are parsed already")
}
