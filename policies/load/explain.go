package load

import (
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// explained knows where the values of a set come from. It is what remains of a
// load, and no longer changes when the set is there.
type explained struct {
	origins map[string]origin
	types   map[string]policies.OperationType
	// declared and given are what code says.
	declared map[string]policies.OperationType
	given    map[string]policies.Policy
	// followed holds the settings whose built-in value gave way to another
	// setting, by the target's prefix and the path.
	followed map[string]string
}

// follow notes that a built-in value gave way.
func (e *explained) follow(target string, one, other *setting) {
	if e.followed == nil {
		e.followed = map[string]string{}
	}
	e.followed[ofTarget+target+"/"+one.Path] = other.Path
}

// origin implements [policies.Origins].
func (e *explained) origin(target, path string) (policies.Origin, bool) {
	if _, ok := e.given[target]; ok {
		return policies.Origin{Source: policies.FromCode}, true
	}
	own := ofTarget + target + "/"
	if follows, ok := e.followed[own+path]; ok {
		o, known := e.origin(target, follows)
		o.Follows = follows
		return o, known
	}
	prefixes := append(layersOf(e.types[target]), own)
	for i := len(prefixes) - 1; i >= 0; i-- {
		if o, ok := e.origins[prefixes[i]+path]; ok {
			return policies.Origin{Source: o.name, Line: o.line, Column: o.column, Path: written(prefixes[i], path)}, true
		}
	}
	if _, declared := e.declared[target]; declared && path == typeKey {
		return policies.Origin{Source: policies.FromCode}, true
	}
	return policies.Origin{}, false
}

// written is the key of a setting as a file has it.
func written(prefix, path string) string {
	var segments []string
	if layer := strings.TrimSuffix(prefix, "/"); layer != "" {
		segments = strings.Split(strings.Replace(layer, strings.TrimSuffix(ofBindu, "/"), operationTypesKey, 1), "/")
	}
	return policies.FieldPath(append(segments, strings.Split(path, ".")...)...)
}
