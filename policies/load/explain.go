package load

import (
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// explained knows where the values of a set come from. It is what remains of a
// load, and no longer changes when the set is there.
type explained struct {
	*store
	sources []sourcePlaces
	// followed holds the settings whose built-in value gave way to another
	// setting, of the same target or of one that it shares something with.
	followed map[followed]followed
}

type followed struct {
	target string
	*setting
}

// sourcePlaces are the places of a source of that name.
type sourcePlaces struct {
	name string
	*places
}

// origin implements [policies.Origins].
func (e *explained) origin(target, path string) (policies.Origin, bool) {
	if _, ok := e.given[target]; ok {
		return policies.Origin{Source: policies.FromCode}, true
	}
	s := settingAt[path]
	if other, ok := e.followed[followed{target, s}]; ok {
		o, known := e.origin(other.target, other.Path)
		o.Follows = other.Path
		if other.target != target {
			o.Follows = policies.FieldPath(targetsKey, other.target) + "." + other.Path
		}
		return o, known
	}
	for _, l := range e.layersOf(target, e.typeOf(target)) {
		if g, ok := l.find(s); ok {
			return e.place(l, g), true
		}
	}
	if _, declared := e.declared[target]; declared && s == typeSetting {
		return policies.Origin{Source: policies.FromCode}, true
	}
	return policies.Origin{}, false
}

// place returns where a value is given.
func (e *explained) place(l *layer, g given) policies.Origin {
	from := e.sources[g.source]
	path := slices.Concat(l.path, strings.Split(g.Path, "."))
	at := from.at(path...)
	o := policies.Origin{Source: from.name, Line: at.line, Column: at.column, Path: policies.FieldPath(path...)}
	if at.name != "" {
		o.Source = at.name
	}
	return o
}
