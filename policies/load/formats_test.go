package load_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// asUTF16 is a text as some editors of Windows save it.
func asUTF16(text string, big bool) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		high, low := byte(unit>>8), byte(unit)
		if big {
			out = append(out, high, low)
		} else {
			out = append(out, low, high)
		}
	}
	return out
}

// If this fails, a text in another encoding is misread, or nobody can tell what
// is wrong with it.
func TestEncodings(t *testing.T) {
	texts := map[load.Format]string{load.JSON: `{"pool": {"workers": 3}}`, load.YAML: "pool: {workers: 3}", load.TOML: "pool.workers = 3"}
	for format, text := range texts {
		set, err := load.Load(load.Bytes("a", format, []byte("\xef\xbb\xbf"+text)))
		require.NoError(t, err, "%v with a byte order mark", format)
		assert.Equal(t, 3, set.Defaults(policies.API).Pool.Workers)
		for _, big := range []bool{true, false} {
			assert.Equal(t, []string{"a: is UTF-16 or UTF-32; save the file as UTF-8"}, problems(t, load.Bytes("a", format, asUTF16(text, big))))
		}
		_, err = load.Load(load.Bytes("a", format, []byte("\n é\xff"+text)))
		assert.EqualError(t, err, "1 bad setting:\n  a:2:3: is not UTF-8 text; save the file as UTF-8")
		_, err = load.Load(load.Bytes("a", format, []byte(text+"\x00")))
		assert.EqualError(t, err, fmt.Sprintf("1 bad setting:\n  a:1:%d: is not UTF-8 text; save the file as UTF-8", len(text)+1))
	}
	// Latin-1 and UTF-16 without a mark are found by what they can't be.
	assert.Equal(t, []string{"a:1: is not UTF-8 text; save the file as UTF-8"}, problems(t, load.Bytes("a", load.JSON, []byte("{\"name\": \"Andr\xe9\"}"))))
	assert.Equal(t, []string{"a:1: is not UTF-8 text; save the file as UTF-8"}, problems(t, load.Bytes("a", load.JSON, []byte("{\x00}\x00"))))
}

// If this fails, YAML's own ideas of numbers and booleans change a setting.
func TestYAMLReadsNothingByGuess(t *testing.T) {
	const octal = `a number must not begin with 0, which YAML reads as octal`
	for _, tc := range []struct{ data, want string }{
		{"pool: {workers: 010}", `a:1: pool.workers = "010": ` + octal},
		{"pool: {workers: -010}", `a:1: pool.workers = -8: must be from 1 to 1000000|a:1: pool.workers = "-010": ` + octal},
		{"retry_policy: {max_wait: 010}", `a:1: retry_policy.max_wait = "010": ` + octal},
		{"x: &x 010\npool: {workers: *x}", `a:1: pool.workers = "010": ` + octal},
		{"retry_policy: {min_wait: 08}", `a:1: retry_policy.min_wait = "08": a number must not begin with 0`},
		{"retry_policy: {min_wait: +01.5}", `a:1: retry_policy.min_wait = "+01.5": a number must not begin with 0`},
		{"retry_policy: {min_wait: 00.5}", `a:1: retry_policy.min_wait = "00.5": a number must not begin with 0`},
		{"pool: {workers: 08}", `a:1: pool.workers = "08": a number must not begin with 0`},
		{"pool: {workers: '010'}", `a:1: pool.workers = "010": must be a whole number, without quotes`},
		{"retry_policy: {enabled: on}", `a:1: retry_policy.enabled = "on": must be true or false, without quotes`},
		{"retry_policy: {enabled: yes}", `a:1: retry_policy.enabled = "yes": must be true or false, without quotes`},
		{"retry_policy: {enabled: No}", `a:1: retry_policy.enabled = "No": must be true or false, without quotes`},
		{"retry_policy: {idempotent: true}", `a:1: retry_policy.idempotent = true: must be text`},
	} {
		t.Run(tc.data, func(t *testing.T) {
			got := problems(t, load.Bytes("a", load.YAML, []byte(tc.data)))
			assert.Equal(t, tc.want, strings.Join(got, "|"))
		})
	}
	set, err := load.Load(load.Bytes("a", load.YAML, []byte("pool: {workers: 0x10, max_pending: 0}\nx: 010\ny: 08\ncircuit_breaker: {failure_rate: 0.5}\nretry_policy: {idempotent: yes}")))
	require.NoError(t, err)
	assert.Equal(t, 16, set.Defaults(policies.API).Pool.Workers, "nobody takes this for 10")
	assert.Equal(t, policies.IdempotentYes, set.Defaults(policies.API).Retry.Idempotent, "it is a word")
}

// If this fails, the test fills the memory: aliases and merges of mappings
// multiply as those of lists do.
func TestAliasBombsOfMappings(t *testing.T) {
	var maps, merges strings.Builder
	maps.WriteString("a0: &a0 {k: v}\n")
	merges.WriteString("a0: &a0 {k0: v, l0: v}\n")
	for i := 1; i <= 30; i++ {
		fmt.Fprintf(&maps, "a%d: &a%d {", i, i)
		fmt.Fprintf(&merges, "a%d: &a%d {<<: [", i, i)
		for j := range 9 {
			fmt.Fprintf(&maps, "k%d: *a%d, ", j, i-1)
			fmt.Fprintf(&merges, "*a%d, ", i-1)
		}
		maps.WriteString("}\n")
		fmt.Fprintf(&merges, "], k%d: v}\n", i)
	}
	maps.WriteString("targets: *a30\n")
	merges.WriteString("targets: *a30\n")
	for name, bomb := range map[string]string{"maps": maps.String(), "merges": merges.String()} {
		got := problems(t, load.Bytes("a", load.YAML, []byte(bomb)))
		require.Len(t, got, 1, name)
		assert.Contains(t, []string{
			"a: is not valid YAML: document contains excessive aliasing",
			"a: has too many large mappings, or aliases of them, for YAML; divide them, or use JSON",
		}, got[0], name)
	}
}

// If this fails, a secret that stands beside a slip goes to the error, and so
// to the log and to whoever reads it.
func TestErrorsShowNoSecrets(t *testing.T) {
	const secret = "s3cr3t"
	for _, tc := range []struct {
		format load.Format
		data   string
	}{
		{load.JSON, `{"key": "s3cr3t" "x": 1}`}, {load.JSON, `{"key": "s3cr3t`}, {load.JSON, `{"key": s3cr3t}`}, {load.JSON, `{"s3cr3t": "\q"}`},
		{load.JSON, `{"retry_policy": ["s3cr3t"]}`}, {load.JSON, `{"targets": {"x": "s3cr3t"}}`}, {load.JSON, `{"targets": ["s3cr3t"]}`},
		{load.JSON, `{"pool": "s3cr3t"}`}, {load.JSON, `{"pool": {"workers": {"key": "s3cr3t"}}}`}, {load.JSON, `{"pool": {"workers": ["s3cr3t"]}}`},
		{load.JSON, `{"retry_policy": {"retry_on": [["s3cr3t"]]}}`}, {load.JSON, `{"retry_polcy": {"key": "s3cr3t"}}`}, {load.JSON, `"s3cr3t"`},
		{load.YAML, "key: *s3cr3t"}, {load.YAML, "key: !!int s3cr3t"}, {load.YAML, "key: \"s3cr3t"}, {load.YAML, "key: s3cr3t: x"}, {load.YAML, "key: {s3cr3t"},
		{load.YAML, "key: !s3cr3t!x y"}, {load.YAML, "key: %s3cr3t"}, {load.YAML, "key: s3cr3t\n\tx: y"}, {load.YAML, "key: [s3cr3t"}, {load.YAML, "- s3cr3t"},
		{load.YAML, "a: &a {key: s3cr3t}\npool: *a\nretry_policy: *b"}, {load.YAML, "pool: !!float s3cr3t"}, {load.YAML, "pool: !!binary s3cr3t!"}, {load.YAML, "key: |9x\n s3cr3t"},
		{load.YAML, "? [s3cr3t]\n: x"}, {load.YAML, "pool: [s3cr3t]"}, {load.YAML, "pool: s3cr3t"}, {load.YAML, "key: @s3cr3t"}, {load.YAML, "key: `s3cr3t`"},
		{load.TOML, "key = s3cr3t"}, {load.TOML, "key = \"s3cr3t"}, {load.TOML, "key = 's3cr3t' x"}, {load.TOML, "key = [\"s3cr3t\""}, {load.TOML, "key = \"s3cr3t\\q\""},
		{load.TOML, "key = 's3cr3t'\nkey = 's3cr3t'\npool = 1"}, {load.TOML, "pool = ['s3cr3t']"}, {load.TOML, "[pool]\nworkers = ['s3cr3t']"}, {load.TOML, "[pool]\nworkers = 1 # s3cr3t\nworkers = 2 # s3cr3t"},
		{load.TOML, "[pool]\nworkers = 99999999999999999999 # s3cr3t"}, {load.TOML, "[retry_policy]\nx = 's3cr3t'"}, {load.TOML, "key = 1979-13-01 # s3cr3t\npool = 1"},
	} {
		t.Run(tc.data, func(t *testing.T) {
			_, err := load.Load(load.Bytes("a", tc.format, []byte(tc.data)))
			require.Error(t, err)
			var all policies.Errors
			require.ErrorAs(t, err, &all)
			for _, e := range all {
				for _, said := range []string{fmt.Sprintf("%+v", *e), fmt.Sprintf("%#v", e), fmt.Sprint(e.Cause), fmt.Sprint(e.Value)} {
					assert.NotContains(t, said, secret)
				}
			}
		})
	}
}
