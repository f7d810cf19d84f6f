package classify

import (
	"maps"
	"slices"
	"strings"
)

// knownNames returns, sorted, every name that [Lookup] knows, short forms
// only and one of each open-ended family.
func knownNames() []string {
	names := slices.Collect(maps.Keys(registered))
	names = slices.AppendSeq(names, maps.Keys(meanings))
	names = slices.AppendSeq(names, maps.Keys(pythonBuiltins))
	names = slices.AppendSeq(names, maps.Keys(pythonNames))
	for name := range goNames {
		if !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	for code := 1; code < len(grpcCodes); code++ {
		names = append(names, "grpc."+grpcCodes[code].name)
	}
	names = append(names, "http.4xx", "http.5xx", "http.408", "http.429", "http.500", "http.502", "http.503", "http.504")
	slices.Sort(names)
	return names
}
