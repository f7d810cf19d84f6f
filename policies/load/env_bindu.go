package load

import (
	"fmt"
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
// over them, wherever this source stands in the order.
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
			} else if near := policies.Nearest(rest, binduSettings()); near != "" {
				found = append(found, &policies.FieldError{
					Source: "$" + name, Problem: fmt.Sprintf("unknown variable; did you mean %s?", binduPrefix+strings.ToUpper(near)),
				})
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

func binduSettings() []string {
	var all []string
	for _, t := range typeNames() {
		for _, key := range binduKeys {
			all = append(all, t+"_"+key)
		}
	}
	return all
}
