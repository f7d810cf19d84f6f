package load

import (
	"reflect"
	"slices"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// The keys at the top level that are not blocks of a policy.
const (
	operationTypesKey = "operation_types"
	targetsKey        = "targets"
	typeKey           = "type"
)

// kind is what a setting's value must be in a file.
type kind uint8

const (
	block kind = iota
	boolean
	whole
	number
	seconds
	text
	list
)

// setting is one key of a block, and where its value goes in a Policy.
type setting struct {
	key string
	kind
	index int
	// never says that the value may also be "never".
	never bool
	// settings are those of a block.
	settings []setting
}

// schema is read off the struct and its koanf tags, so that a field that is
// added to a policy can be loaded without a change here.
var (
	schema  = setting{settings: settingsOf(reflect.TypeFor[policies.Policy]())}
	blocks  = slices.DeleteFunc(slices.Clone(schema.settings), func(s setting) bool { return s.kind != block })
	topKeys = append(keys(blocks), operationTypesKey, targetsKey)
)

func settingsOf(t reflect.Type) []setting {
	all := make([]setting, t.NumField())
	for i := range all {
		f := t.Field(i)
		s := setting{key: f.Tag.Get("koanf"), kind: kindOf(f.Type), index: i}
		s.never = s.key == "failure_threshold" || s.key == "max_restarts"
		if s.kind == block {
			s.settings = settingsOf(f.Type)
		}
		all[i] = s
	}
	return all
}

func kindOf(t reflect.Type) kind {
	if t == reflect.TypeFor[time.Duration]() {
		return seconds
	}
	return map[reflect.Kind]kind{
		reflect.Struct:  block,
		reflect.Bool:    boolean,
		reflect.Int:     whole,
		reflect.Float64: number,
		reflect.String:  text,
		reflect.Slice:   list,
	}[t.Kind()]
}

func find(settings []setting, key string) (setting, bool) {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return settings[i], true
}

func keys(settings []setting) []string {
	all := make([]string, len(settings))
	for i, s := range settings {
		all[i] = s.key
	}
	return all
}

// set stores a converted value in the field of the block v.
func (s setting) set(v reflect.Value, value any) {
	field := v.Field(s.index)
	field.Set(reflect.ValueOf(value).Convert(field.Type()))
}

// valueAt returns the field of p with the relative path of a block and a key.
func valueAt(v reflect.Value, path []string) reflect.Value {
	settings := schema.settings
	for _, key := range path {
		s, _ := find(settings, key)
		v, settings = v.Field(s.index), s.settings
	}
	return v
}
