package load_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// states is a list of n different names that are known.
func states(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%q", fmt.Sprintf("sql.%05d", i))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// If this fails, a list without end is taken, or shown in the error.
func TestListsAreBounded(t *testing.T) {
	for _, s := range policies.Settings() {
		if s.Kind != policies.Names {
			continue
		}
		assert.EqualValues(t, 1_000, s.Most, s.Path)
		block, key, _ := strings.Cut(s.Path, ".")
		data := func(n int) load.Source {
			return load.Bytes("a.json", load.JSON, fmt.Appendf(nil, `{%q: {%q: %s}}`, block, key, states(n)))
		}
		_, err := load.Load(data(1_000))
		assert.NoError(t, err)
		assert.Equal(t, []string{"a.json:1: " + s.Path + ": must have at most 1000 names, not 1001"}, problems(t, data(1_001)))
	}
}

// If this fails, the test hangs: the lists were compared name by name, and once
// more for each of the targets that inherit them.
func TestLongListsAndManyTargetsAreLoadedInTime(t *testing.T) {
	targets := make([]string, 20_000)
	for i := range targets {
		targets[i] = fmt.Sprintf(`"t%d": {}`, i)
	}
	data := func(n int) load.Source {
		return load.Bytes("a.json", load.JSON, fmt.Appendf(nil, `{"retry_policy": {"retry_on": %s, "never_retry": %s}, "targets": {%s}}`,
			states(n), strings.ReplaceAll(states(n), "sql.0", "sql.1"), strings.Join(targets, ",")))
	}
	set, err := load.Load(data(1_000))
	require.NoError(t, err)
	assert.Equal(t, 20_004, set.Len())
	assert.Equal(t, []string{
		"a.json:1: retry_policy.retry_on: must have at most 1000 names, not 20000",
		"a.json:1: retry_policy.never_retry: must have at most 1000 names, not 20000",
	}, problems(t, data(20_000)))
}

// If this fails, the test takes minutes: the name that was meant is looked for
// only where it is told.
func TestManyUnknownNamesAreReportedInTime(t *testing.T) {
	block := `{"retry_policy": {"retry_on": [` + strings.Repeat(`"http.50",`, 99) + `"http.50"]}}`
	targets := make([]string, 900)
	for i := range targets {
		targets[i] = fmt.Sprintf(`"t%d": %s`, i, block)
	}
	got := problems(t, load.Bytes("a.json", load.JSON, []byte(`{"targets": {`+strings.Join(targets, ",\n")+`}}`)))
	require.Len(t, got, 1_001)
	assert.Equal(t, `a.json:10: targets.t9.retry_policy.retry_on[99]: unknown error condition "http.50", did you mean "http.500"?`, got[999])
	assert.Equal(t, "89000 more are not listed; mend these first", got[1_000])
}

// If this fails, one looks for a name in a long list by counting.
func TestEntriesOfListsHaveTheirPlace(t *testing.T) {
	const (
		unknown = `unknown error condition "http.50", did you mean "http.500"?`
		notText = `must be text, the name of an error condition`
		strange = `unknown error condition "é": name a condition (net.timeout, http.503, grpc.Unavailable), a Go type (*net.OpError), a Python exception (requests.Timeout), or register it with classify.Register`
		empty   = `must name an error condition, not be empty`
	)
	for name, tc := range map[string]struct {
		format load.Format
		data   string
		want   []string
	}{
		"JSON": {load.JSON, `{"x": [1, [2]], "retry_policy": {
  "retry_on": ["http.503",
    "http.50", "é", 5,
    ""]},
  "targets": {"a": {"circuit_breaker": {"ignore": ["http.503", [], {"a": [1]}, "http.50"]}}}}`, []string{
			`a:3:5: retry_policy.retry_on[1]: ` + unknown, `a:3:16: retry_policy.retry_on[2]: ` + strange, `a:3:21: retry_policy.retry_on[3] = 5: ` + notText,
			`a:4:5: retry_policy.retry_on[4] = "": ` + empty,
			`a:5:64: targets.a.circuit_breaker.ignore[1]: ` + notText, `a:5:68: targets.a.circuit_breaker.ignore[2]: ` + notText, `a:5:80: targets.a.circuit_breaker.ignore[3]: ` + unknown,
		}},
		"YAML": {load.YAML, `
shared: &s [http.50]
retry_policy:
  retry_on:
    - http.503
    - http.50
  never_retry: *s
  custom_exceptions: ["http.503", " "]
targets:
  a:
    circuit_breaker: {ignore: [http.503, [], http.50]}`[1:], []string{
			`a:5:7: retry_policy.retry_on[1]: ` + unknown, `a:6:3: retry_policy.never_retry[0]: ` + unknown,
			`a:7:35: retry_policy.custom_exceptions[1] = " ": ` + empty,
			`a:10:42: targets.a.circuit_breaker.ignore[1]: ` + notText, `a:10:46: targets.a.circuit_breaker.ignore[2]: ` + unknown,
		}},
		"TOML": {load.TOML, `
[retry_policy]
retry_on = [
  "http.503",
  "http.50", ["x"],
]
never_retry = ["http.503", 'http.50']
[targets.a.circuit_breaker]
ignore = ["http.503", "http.50"]`[1:], []string{
			`a:2:1: retry_policy.retry_on[2]: ` + notText, // a list has no place
			`a:4:3: retry_policy.retry_on[1]: ` + unknown,
			`a:6:28: retry_policy.never_retry[1]: ` + unknown,
			`a:8:23: targets.a.circuit_breaker.ignore[1]: ` + unknown,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load.Load(load.Bytes("a", tc.format, []byte(tc.data)))
			var all policies.Errors
			require.ErrorAs(t, err, &all)
			var got []string
			for _, e := range all {
				got = append(got, e.Error())
			}
			assert.Equal(t, tc.want, got)
		})
	}
}
