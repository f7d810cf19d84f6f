package load_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies/load"
)

// If this fails, a way that leads nowhere is loaded, or its place isn't told.
func TestFallbacksAreCheckedAtTheirPlaces(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"a circle": {`
targets:
  a: {fallback: {target: b}}
  b: {fallback: {target: a}}`, []string{
			`a.yaml:2: targets.a.fallback.target = "b": leads back to where it began: a -> b -> a`,
		}},
		"an unknown one, with what is wrong elsewhere": {`
pool: {workers: 0}
targets:
  model_a: {fallback: {target: modelb}}
  model_b: {fallback: {target: 5}}`, []string{
			`a.yaml:1: pool.workers = 0: must be from 1 to 1000000`,
			`a.yaml:3: targets.model_a.fallback.target = "modelb": there is no such target; did you mean "model_b"?`,
			`a.yaml:4: targets.model_b.fallback.target = 5: must be text`,
		}},
		"of all that inherit it, once": {`
fallback: {target: nobody}
targets: {a: {}, b: {}}`, []string{
			`a.yaml:1: fallback.target = "nobody": there is no such target (for the target a)`,
		}},
		"the one that all fall back to": {`
operation_types: {api: {fallback: {target: spare}}}
targets: {spare: {}}`, []string{
			`a.yaml:1: operation_types.api.fallback.target = "spare": is the target itself; give it another, or "" for none (for the target spare)`,
		}},
		"the one that all fall back to, which says that it does not": {`
operation_types: {api: {fallback: {target: spare}}}
targets: {spare: {fallback: {target: ""}}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			source := load.Bytes("a.yaml", load.YAML, []byte(tt.text[1:]))
			if tt.want == nil {
				_, err := load.Load(source)
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, tt.want, problems(t, source))
		})
	}
}
