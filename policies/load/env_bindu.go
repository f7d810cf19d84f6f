package load

import (
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// binduPrefix is that of the variables of Bindu's application settings for
// retries.
const binduPrefix = "RETRY__"

// BinduEnv is a source that reads the variables of Bindu's application
// settings:
//
//	RETRY__WORKER_MAX_ATTEMPTS  RETRY__WORKER_MIN_WAIT  RETRY__WORKER_MAX_WAIT
//
// and the same for STORAGE, API and SCHEDULER. As with Bindu they take the
// place of the built-in defaults: whatever an agent's configuration says wins
// over them, wherever this source stands in the order. One that is nearly one
// of these, or has another type or another setting, is an error; any other is
// left alone.
func BinduEnv() Source {
	return Source{name: "environment", read: func(content) (document, error) {
		doc, found := document{bindu: true, variables: []variable{}}, policies.Errors(nil)
		variables, err := environment(binduPrefix)
		if err != nil {
			return document{}, err
		}
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			rest := strings.ToLower(strings.TrimPrefix(name, binduPrefix))
			if t, key, ok := binduSetting(rest); ok {
				path := []string{operationTypesKey, t, "retry_policy", key}
				doc.variables = append(doc.variables, variable{"$" + name, path, variables[name]})
			} else if problem := binduSlip(rest); problem != "" {
				found = append(found, slip("$"+name, "unknown variable; "+problem))
			}
		}
		if len(found) > 0 {
			return doc, found
		}
		return doc, nil
	}}
}

// binduKeys are the settings Bindu has for each operation type.
var binduKeys = []string{"max_attempts", "min_wait", "max_wait"}

// binduSetting divides api_max_attempts into the type and the key.
func binduSetting(name string) (operationType, key string, ok bool) {
	operationType, key, _ = strings.Cut(name, "_")
	_, known := ownType(operationType)
	return operationType, key, known && slices.Contains(binduKeys, key)
}

// binduSlip says what is wrong with a variable that must be meant for us: it is
// nearly one of Bindu's, or has an operation type or a setting of them.
func binduSlip(name string) string {
	if near := policies.Nearest(name, binduSettings()); near != "" {
		return "did you mean " + binduPrefix + strings.ToUpper(near) + "?"
	}
	upper := func(names []string) string { return strings.ToUpper(strings.Join(names, ", ")) }
	if first, _, _ := strings.Cut(name, "_"); slices.Contains(typeNames(), first) {
		return "known after " + binduPrefix + strings.ToUpper(first) + "_ are " + upper(binduKeys)
	}
	for _, key := range binduKeys {
		if name == key || strings.HasSuffix(name, "_"+key) {
			return "known operation types are " + upper(typeNames())
		}
	}
	return ""
}

func binduSettings() []string {
	var all []string
	for _, t := range typeNames() {
		for _, key := range binduKeys {
			all = append(all, t+"_"+key)
		}
	}
	return all
}
