package load_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// If this fails, two targets exist that no variable, metric or log can tell
// apart, or the user can't see in what they differ.
func TestNamesThatNobodyCanTellApart(t *testing.T) {
	yaml := func(name, data string) load.Source { return load.Bytes(name, load.YAML, []byte(data)) }
	other := func(first string) string {
		return `: there is also a target "` + first + `", which differs only in case or punctuation; spell it one way, or choose another name`
	}
	for name, tc := range map[string]struct {
		sources []load.Source
		want    []string
	}{
		"in one file":         {[]load.Source{yaml("a", "targets:\n  payment_gateway: {}\n  payment-gateway: {}")}, []string{`a:2: targets.payment_gateway` + other("payment-gateway")}},
		"case":                {[]load.Source{yaml("a", "targets: {X: {}}"), yaml("b", "targets: {x: {}}")}, []string{`b:1: targets.x` + other("X")}},
		"spaces":              {[]load.Source{yaml("a", "targets: {a b: {}, a.b: {}}")}, []string{`a:1: targets["a.b"]` + other("a b")}},
		"an operation type":   {[]load.Source{yaml("a", "targets: {API: {}}")}, []string{`a:1: targets.API` + other("api")}},
		"code against a file": {[]load.Source{load.Target("Weather-API", policies.API), yaml("a", "targets: {weather_api: {}}")}, []string{`a:1: targets.weather_api` + other("Weather-API")}},
		"a file against code": {[]load.Source{yaml("a", "targets: {weather_api: {}}"), load.Policy("weather.api", policies.Default(policies.API))}, []string{`targets["weather.api"]` + other("weather_api")}},
		"how Unicode encodes it": {[]load.Source{yaml("a", "targets: {\"caf\\u00e9\": {}}"), yaml("b", "targets: {\"cafe\\u0301\": {}}")}, []string{
			"b:1: targets[\"cafe\u0301\"]" + `: there is also a target "caf\u00e9", which differs only in how Unicode encodes it, this one being "cafe\u0301"; spell it one way`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := problems(t, tc.sources...)
			require.Len(t, got, len(tc.want))
			for i := range got {
				assert.Equal(t, tc.want[i], got[i])
			}
		})
	}
	_, err := load.Load(yaml("a", "targets: {a: {}, a_b: {}, 'a1': {}, 'ä': {}, '🙂': {}, '🙃': {}}"), yaml("b", "targets: {a: {}}"))
	assert.NoError(t, err, "these are different, and one may be spoken of twice")
}
