package load_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// If this fails, a TOML file means something else than it says.
func TestTOMLFile(t *testing.T) {
	set, err := load.Load(load.Bytes("a.toml", load.TOML, []byte("\xef\xbb\xbf"+`
name = "agent"
[retry_policy]
min_wait = 2        # an integer for a time is seconds
max_wait = '1m30s'
max_elapsed = 0.5
[circuit_breaker]
failure_threshold = "never"
failure_rate = 1
[targets."a.b".pool]
workers = 3.0
[targets]
c = {type = "storage", retry_policy.max_attempts = 2}
`)))
	require.NoError(t, err)
	p := target(t, set, "a.b")
	assert.Equal(t, 2*time.Second, p.Retry.MinWait)
	assert.Equal(t, 90*time.Second, p.Retry.MaxWait)
	assert.Equal(t, 500*time.Millisecond, p.Retry.MaxElapsed)
	assert.Equal(t, policies.Never, p.Breaker.FailureThreshold)
	assert.InDelta(t, 1, p.Breaker.FailureRate, 0)
	assert.Equal(t, 3, p.Pool.Workers)
	c := target(t, set, "c")
	assert.Equal(t, policies.Storage, c.Type)
	assert.Equal(t, 2, c.Retry.MaxAttempts)
	fields, err := set.Explain("c")
	require.NoError(t, err)
	assert.Equal(t, policies.Origin{Source: "a.toml", Line: 13, Column: 37, Path: "targets.c.retry_policy.max_attempts"}, fields[2].Origin)
}

// If this fails, a slip that only TOML allows is taken, or hides the others.
func TestBadTOMLIsNamed(t *testing.T) {
	const (
		twice   = `the key or table is there already; keep one`
		outside = `the number is out of range`
	)
	for _, tc := range []struct {
		data string
		want []string
	}{
		{"[pool]\nworkers = 1\nworkers = 0\nmax_pending = -1", []string{
			`a.toml:3:1: pool.workers: ` + twice, `a.toml:4:1: pool.max_pending = -1: must be from 0 to 10000000`}},
		{"[pool]\nworkers = 0\n[retry_policy]\nmax_attempts = 0\n[pool]\nmax_pending = 1\n[restart]\nwithin = 0", []string{
			`a.toml:2:1: pool.workers = 0: must be from 1 to 1000000`, `a.toml:4:1: retry_policy.max_attempts = 0: must be from 1 to 1000`,
			`a.toml:5:2: pool: ` + twice, `a.toml:8:1: restart.within = 0s: must be over 0`}},
		{"pool = 1\n[pool]\nworkers = 1\n[restart]\nwithin = 0", []string{
			`a.toml:1:1: pool: must be a block of keys and values, not a number`, `a.toml:2:2: pool: ` + twice, `a.toml:5:1: restart.within = 0s: must be over 0`}},
		{"pool = {workers = 0, workers = 1}\nrestart.within = 0", []string{
			`a.toml:1:22: pool.workers: ` + twice, `a.toml:2:9: restart.within = 0s: must be over 0`}},
		{"pool.workers = 0\npool.workers = 1\npool.max_pending = -1\n[targets.a]\n[targets.b.pool]\nworkers = 0\n[targets.a]\n[targets]\na.pool.workers = 1", []string{
			`a.toml:1:6: pool.workers = 0: must be from 1 to 1000000`, `a.toml:2:6: pool.workers: ` + twice, `a.toml:3:6: pool.max_pending = -1: must be from 0 to 10000000`,
			`a.toml:6:1: targets.b.pool.workers = 0: must be from 1 to 1000000`, `a.toml:7:10: targets.a: ` + twice, `a.toml:9:1: targets.a: ` + twice}},
		{"[targets.a.pool]\n[targets.a]\npool.workers = 1\n[targets]\na.type = 'api'", []string{
			`a.toml:3:1: targets.a.pool: ` + twice, `a.toml:5:1: targets.a: ` + twice}},
		{"[retry_policy]\nretry_on = ['http.404', 99999999999999999999, [1, 99999999999999999999], {a = 1, a = 2}]\n[pool]\nworkers = 0", []string{
			`a.toml:2:25: retry_policy.retry_on[1] = "99999999999999999999": ` + outside, `a.toml:2:51: retry_policy.retry_on[2] = "99999999999999999999": ` + outside,
			`a.toml:2:82: retry_policy.retry_on: ` + twice, `a.toml:4:1: pool.workers = 0: must be from 1 to 1000000`}},
		{"[[pool]]\nworkers = 1\n[[pool]]", []string{`a.toml:1:3: pool: must be a block of keys and values, not a list`}},
		{"[retry_policy]\nmax_attempts = 99999999999999999999\nmin_wait = -1\n[pool]\nworkers = -9_223_372_036_854_775_809 # s3cr3t\nmax_pending = 0xfffffffffffffffff", []string{
			`a.toml:2:16: retry_policy.max_attempts = "99999999999999999999": ` + outside,
			`a.toml:3:1: retry_policy.min_wait = -1s: must not be negative`,
			`a.toml:5:11: pool.workers = "-9_223_372_036_854_775_809": ` + outside,
			`a.toml:6:15: pool.max_pending = "0xfffffffffffffffff": ` + outside}},
		{"[retry_policy]\nmax_elapsed = 1e999\nretry_on = [99999999999999999999]\nmin_wait = inf\n[circuit_breaker]\nfailure_rate = nan", []string{
			`a.toml:2:15: retry_policy.max_elapsed = "1e999": ` + outside,
			`a.toml:3:13: retry_policy.retry_on[0] = "99999999999999999999": ` + outside,
			`a.toml:4:1: retry_policy.min_wait = +Inf: is out of range: a time of more than 292 years`,
			`a.toml:6:1: circuit_breaker.failure_rate = NaN: must be a number from 0 to 1`}},
		{"99999999999999999999 = 1\n[restart]\n99999999999999999999 = 1\n99999999999999999999 = 2", []string{
			`a.toml:3:1: restart.99999999999999999999: unknown key; known are max_restarts, within, exceeded`, `a.toml:4:1: restart.99999999999999999999: ` + twice}},
		{"[retry_policy]\nmax_wait = 1979-05-27\nmax_attempts = 010", []string{
			`a.toml:3:16: is not valid TOML: integers cannot have leading zeroes`}},
		{"[retry_policy]\nmax_wait = 1979-05-27\nmin_wait = 1979-02-30", []string{
			`a.toml:2:1: retry_policy.max_wait = 1979-05-27: must be a number of seconds, or text such as "1.5s"`,
			`a.toml:3:20: retry_policy.min_wait: is not valid TOML: impossible date`}},
		// what is not ours is not judged, but its name may be a slip
		{"retry_polcy.x = 1\nauthor = 's3cr3t'\nauthor = 99999999999999999999\n[skills]\n[skills]\na = 1e999\n[Pool]\n[pool]\nworkers = 0", []string{
			`a.toml:1:1: retry_polcy: unknown key; did you mean "retry_policy"?`,
			`a.toml:7:2: Pool: unknown key; did you mean "pool"?`,
			`a.toml:9:1: pool.workers = 0: must be from 1 to 1000000`}},
		{"Pool.x = 1\nPool = 1", []string{`a.toml:1:1: Pool: unknown key; did you mean "pool"?`}},
		{"pool.workers = 0xffff_ffff_ffff_ffff\npool.max_pending = 100_000_000_000_000_000_000", []string{
			`a.toml:1:16: pool.workers = "0xffff_ffff_ffff_ffff": ` + outside, `a.toml:2:20: pool.max_pending = "100_000_000_000_000_000_000": ` + outside}},
		// the syntax
		{"key = \"s3cr3t", []string{`a.toml:1:13: is not valid TOML: unterminated basic string`}},
		{"key = s3cr3t", []string{`a.toml:1:7: is not valid TOML: unexpected character U+0073 's' at start of value`}},
		{"s3cr3t\nkey = 1", []string{`a.toml:1:7: is not valid TOML: expected '=' after key`}},
		{"'é' = 's3cr3t' x", []string{`a.toml:1:16: is not valid TOML: expected newline but got U+0078 'x'`}},
		// bounds
		{"x = " + strings.Repeat("[", 20_000), []string{`a.toml:1:10005: is not valid TOML: arrays and inline tables are nested more than the maximum of 10000 levels deep`}},
		{strings.Repeat("a.", 1_001) + "a = 1", []string{`a.toml:1:2001: is nested deeper than 1000`}},
		{"x = [" + strings.Repeat("{},", 20_001) + "]\ny = 1", []string{`a.toml:2:1: has more than 20000 keys and values in brackets; divide the TOML file, or use JSON`}},
	} {
		t.Run(tc.data[:min(len(tc.data), 60)], func(t *testing.T) {
			_, err := load.Load(load.Bytes("a.toml", load.TOML, []byte(tc.data)))
			var all policies.Errors
			require.ErrorAs(t, err, &all)
			var got []string
			for _, e := range all {
				got = append(got, e.Error())
			}
			assert.Equal(t, tc.want, got)
			assert.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

// If this fails, each slip costs the parser another look at the whole text,
// which takes half a minute, or most of them are not told.
func TestManySlipsInTOMLAreReportedAtOnce(t *testing.T) {
	const keys, again = 19_000, 900
	var text strings.Builder
	text.WriteString("[restart]\n")
	for i := range keys + again {
		fmt.Fprintf(&text, "k%d = 1\n", i%keys)
	}
	got := problems(t, load.Bytes("a.toml", load.TOML, []byte(text.String())))
	assert.Equal(t, fmt.Sprint(keys+again-1_000)+" more are not listed; mend these first", got[len(got)-1])

	heads := strings.Repeat("[targets.x.pool]\n", 6_000)
	got = problems(t, load.Bytes("a.toml", load.TOML, []byte(heads)))
	require.Len(t, got, 1_001)
	assert.Equal(t, `a.toml:2: targets.x.pool: the key or table is there already; keep one`, got[0])
	assert.Equal(t, `4999 more are not listed; mend these first`, got[1_000])
}
