package load

import (
	"maps"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"

	"github.com/holdfast-go/holdfast/policies"
)

// Env is a source that reads the variables whose names begin with prefix,
// which is usually "HOLDFAST_". Two underscores stand between levels, and case
// doesn't count after the prefix:
//
//	HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS=5
//	HOLDFAST_OPERATION_TYPES__STORAGE__RETRY_POLICY__MAX_WAIT=2.5
//	HOLDFAST_TARGETS__PAYMENT_GATEWAY__CIRCUIT_BREAKER__FAILURE_THRESHOLD=never
//
// A target is the one of another source whose name is the same but for case
// and punctuation (payment-gateway, Payment.Gateway); if there is none, one of
// that name in lower case is declared.
//
// Values are text: true or false, numbers, times as seconds or with a unit, and
// lists with commas between the names. An empty value is no value.
//
// A variable is ours if one of our keys and two underscores follow the prefix:
// MYAPP_POOL__SIZE is an error, as an unknown key of a file is, and MYAPP_POOL is
// the program's own. Where the prefix is "HOLDFAST_" a name that must be a slip
// is an error too, which suggests the right one: a block and a setting with one
// underscore between them (HOLDFAST_POOL_WORKERS), a block that is misspelt
// (HOLDFAST_RETRY_POLCY__ENABLED) or cut short (HOLDFAST_RETRY_ENABLED), a
// setting of several words without its block (HOLDFAST_MAX_ATTEMPTS), and a block
// of several words alone (HOLDFAST_RETRY_POLICY). Other variables are left alone,
// and no error shows what is in them.
func Env(prefix string) Source {
	return Source{name: "environment", read: func(content) (document, error) {
		doc, found := document{folded: true, variables: []variable{}}, policies.Errors(nil)
		spell := newSpeller(prefix)
		variables, err := environment(prefix)
		if err != nil {
			return document{}, err
		}
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			rest := strings.TrimPrefix(name, prefix)
			path := divided(strings.Split(rest, "__"), "__", strings.ToLower)
			if isTop(path[0]) && (len(path) > 1 || spell.own && strings.Contains(path[0], "_")) {
				doc.variables = append(doc.variables, variable{"$" + name, path, variables[name]})
			} else if meant := spell.meant(rest); len(meant) > 0 {
				found = append(found, slip("$"+name, "unknown variable; did you mean "+strings.Join(meant, " or ")+"?"))
			}
		}
		if len(found) > 0 {
			return doc, found
		}
		return doc, nil
	}}
}

// environment returns the variables with the prefix that are not empty.
func environment(prefix string) (map[string]string, error) {
	all, err := env.Provider("", env.Opt{Prefix: prefix}).Read()
	if err != nil {
		return nil, fault("the environment can't be read: "+err.Error(), err)
	}
	variables := make(map[string]string, len(all))
	for name, value := range all {
		if text, _ := value.(string); strings.TrimSpace(text) != "" {
			variables[name] = text
		}
	}
	return variables, nil
}
