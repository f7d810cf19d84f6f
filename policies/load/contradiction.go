package load

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// side is one of two settings that contradict each other.
type side struct {
	*setting
	value reflect.Value
	// layer is where the value is given, nil if it is built in, and depth how
	// near that is to the target, from 0.
	layer *layer
	depth int
	given
}

func (s side) path() string {
	return policies.FieldPath(slices.Concat(s.layer.path, strings.Split(s.setting.Path, "."))...)
}

// contradictions looks for pairs of settings of p that can't both hold. A
// built-in value gives way to what a source says. If sources give both, they
// are reported at the one nearer to the target, because the other was there
// before it.
func (r *resolver) contradictions(name string, p *policies.Policy) {
	var invalid policies.Errors
	if !errors.As(p.Contradictions(), &invalid) {
		return
	}
	for _, e := range invalid {
		at, other := r.side(name, p, e.Path), r.side(name, p, e.Related)
		switch {
		case at.bad() || other.bad():
		case at.layer == nil:
			r.follow(name, at, other)
		case other.layer == nil:
			r.follow(name, other, at)
		case other.depth < at.depth:
			r.contradict(other, at)
		default:
			r.contradict(at, other)
		}
	}
}

// bad says that the value was reported already.
func (s side) bad() bool { return s.layer != nil && s.given.value == nil }

// follow makes a built-in value equal to the other.
func (r *resolver) follow(name string, one, other side) {
	one.value.Set(other.value)
	r.note(followed{name, one.setting}, followed{name, other.setting})
}

// note keeps in mind which setting a built-in value gave way to.
func (r *resolver) note(one, other followed) {
	if r.followed == nil {
		r.followed = map[followed]followed{}
	}
	r.followed[one] = other
}

func (r *resolver) contradict(at, other side) {
	pair := at.path() + " " + other.path()
	if r.told[pair] {
		return
	}
	r.told[pair] = true
	o, from := r.place(at.layer, at.given), r.place(other.layer, other.given)
	where := ""
	switch {
	case from.Source != o.Source:
		where = " from " + from.String()
	case other.depth != at.depth:
		where = " from " + other.path()
	}
	bound := "at least"
	if at.value.Int() > other.value.Int() {
		bound = "at most"
	}
	problem := fmt.Sprintf("must be %s %s, which is %v%s", bound, other.setting.key, other.value, where)
	r.found.add(at.source, &policies.FieldError{
		Source: o.Source, Line: o.Line, Column: o.Column,
		Path: o.Path, Value: at.value.Interface(), Problem: problem, Related: other.path(),
	})
}

func (r *resolver) side(name string, p *policies.Policy, path string) side {
	one := settingAt[path]
	s := side{setting: one, value: one.Value(p)}
	for depth, l := range r.layersOf(name, p.Type) {
		if g, ok := l.find(one); ok {
			s.layer, s.depth, s.given = l, depth, g
			break
		}
	}
	return s
}
