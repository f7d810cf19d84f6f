package settings_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
)

// agree fails if the schema and the loader disagree about a JSON text.
func agree(t rapid.TB, schema *jsonschema.Schema, data string) {
	t.Helper()
	_, loaded := loadJSON([]byte(data))
	if onlyFallbacks(loaded) {
		loaded = nil
	}
	checked := check(schema, []byte(data))
	if (loaded == nil) != (checked == nil) {
		t.Fatalf("%s\nloading says: %v\nthe schema says: %v", data, loaded, checked)
	}
}

// onlyFallbacks says whether all that is wrong is where targets fall back to:
// a schema can't know which targets there are.
func onlyFallbacks(err error) bool {
	var found policies.Errors
	return errors.As(err, &found) && !slices.ContainsFunc(found, func(e *policies.FieldError) bool {
		return !strings.HasSuffix(e.Path, "fallback.target") ||
			!strings.HasPrefix(e.Problem, "there is no such target") && !strings.HasPrefix(e.Problem, "is the target itself")
	})
}

// If this fails, an editor marks a value that loads, or lets one pass that
// doesn't. Left out is what a schema can't say; TestWhatOnlyLoadingFinds has
// the list.
func TestSchemaAndLoaderAgreeOnEachSetting(t *testing.T) {
	schema := compiled(t)
	for _, s := range policies.Settings() {
		t.Run(s.Path, func(t *testing.T) {
			for _, level := range levelsOf(s) {
				for _, value := range edges(s) {
					agree(t, schema, document([]given{{s, level, value}}))
				}
			}
			rapid.Check(t, func(t *rapid.T) {
				agree(t, schema, document([]given{{s, "targets.payment_gateway", valueOf(s).Draw(t, "value")}}))
			})
		})
	}
}

// If this fails, several settings in one file are read otherwise than each by
// itself.
func TestSchemaAndLoaderAgreeOnWholeFiles(t *testing.T) {
	schema := compiled(t)
	rapid.Check(t, func(t *rapid.T) {
		chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(policies.Settings()), 0, 6, related).Draw(t, "settings")
		var all []given
		for _, s := range chosen {
			all = append(all, given{s, rapid.SampledFrom(levelsOf(s)).Draw(t, "level of "+s.Path), valueOf(s).Draw(t, s.Path)})
		}
		agree(t, schema, document(all))
	})
}

// related is the same for settings that can contradict each other, of which a
// file gets only one.
func related(s policies.Setting) string {
	for _, group := range [][]string{
		{"retry_policy.min_wait", "retry_policy.max_wait"},
		{"retry_policy.custom_exceptions", "retry_policy.retry_on", "retry_policy.never_retry"},
		{"circuit_breaker.minimum_calls", "circuit_breaker.window_calls"},
		{"circuit_breaker.recovery_timeout", "circuit_breaker.max_recovery_timeout"},
		{"circuit_breaker.ignore", "circuit_breaker.trip_on", "circuit_breaker.wall_on"},
	} {
		if slices.Contains(group, s.Path) {
			return group[0]
		}
	}
	return s.Path
}

// If this fails, an editor and the loader disagree about what may stand around
// the settings: blocks, operation types, keys.
func TestSchemaAndLoaderAgreeOnBlocks(t *testing.T) {
	schema := compiled(t)
	around := []string{"%s", `{"operation_types": %s}`, `{"targets": %s}`}
	for _, level := range []string{
		"%s", `{"operation_types": {"api": %s}}`, `{"operation_types": {"browser": %s}}`, `{"targets": {"x": %s}}`, `{"targets": {"api": %s}}`,
	} {
		around = append(around, level)
		for _, block := range []string{"retry_policy", "retry_budget", "circuit_breaker", "pool", "restart", "chaos"} {
			around = append(around, fmt.Sprintf(level, fmt.Sprintf(`{%q: %%s}`, block)))
		}
	}
	for _, outer := range around {
		for _, value := range anything {
			agree(t, schema, fmt.Sprintf(outer, value))
			for _, key := range []string{"pool", "workers", "type", "operation_types", "targets", "author", "$schema", ""} {
				agree(t, schema, fmt.Sprintf(outer, fmt.Sprintf("{%q: %s}", key, value)))
			}
		}
	}
}

// If this fails, an editor and the loader disagree about the names of targets.
func TestSchemaAndLoaderAgreeOnTargetNames(t *testing.T) {
	schema := compiled(t)
	named := func(t rapid.TB, name string) { agree(t, schema, fmt.Sprintf(`{"targets": {%s: {}}}`, quoted(name))) }
	for r := rune(1); r < unicode.MaxRune; r++ {
		if r != '/' && !unicode.IsSpace(r) && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) {
			continue
		}
		for _, c := range []string{string(r - 1), string(r), string(r + 1)} {
			if !judgeable(c) {
				continue
			}
			for _, name := range []string{c, c + "a", "a" + c, "a" + c + "a"} {
				named(t, name)
			}
		}
	}
	for _, length := range []int{0, 1, 127, 128, 129} {
		named(t, strings.Repeat("n", length))
	}
	// Characters of more than a byte can make a name too long for loading alone.
	names := rapid.String().Filter(judgeable)
	rapid.Check(t, func(t *rapid.T) { named(t, names.Draw(t, "name")) })
}

// given is a setting with the value a file gives it at a level, as JSON.
type given struct {
	policies.Setting
	level, value string
}

// levels are the places for the blocks.
var levels = []string{"", "operation_types.worker", "operation_types.api", "targets.payment_gateway", "targets.api", "targets.gpt-4\u00b71"}

func levelsOf(s policies.Setting) []string {
	if s.Path == "type" {
		return []string{"targets.payment_gateway", "targets.api", "targets.worker"}
	}
	return levels
}

// document is the JSON file that gives settings values.
func document(all []given) string {
	root := node{}
	for _, g := range all {
		at := root
		path := strings.Split(g.Path, ".")
		if g.level != "" {
			outer, inner, _ := strings.Cut(g.level, ".")
			path = append([]string{outer, inner}, path...)
		}
		for _, key := range path[:len(path)-1] {
			if at[key] == nil {
				at[key] = node{}
			}
			at = at[key].(node)
		}
		at[path[len(path)-1]] = g.value
	}
	return root.String()
}

// node is an object of a JSON file: it holds nodes, and values as JSON.
type node map[string]any

func (n node) String() string {
	var each []string
	for _, key := range slices.Sorted(maps.Keys(n)) {
		each = append(each, fmt.Sprintf("%s: %v", quoted(key), n[key]))
	}
	return "{" + strings.Join(each, ", ") + "}"
}
