package load_test

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// If it failed, a time would be read as another one than it says: as a text with
// units, as a number of seconds, or as the text of a variable.
func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"1.5s", "200ms", "12", "0", "-1s", "0.0000000001", "1e3", "1h30m", "9223372036.854775807", "2562047h47m16.854775807s",
		"1.5", "1_000s", "0x10", " 3s ", "3 s", "never", "", "µs", "1µs", ".5s", "010", "1e400", "24h", "24h1ns", "NaN"} {
		f.Add(seed)
	}
	const most = 24 * time.Hour // of a recovery_timeout
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		var asRead string // JSON has no invalid UTF-8
		require.NoError(t, json.Unmarshal(quoted, &asRead))
		got, ok := recovery(t, quoted)
		want, err := time.ParseDuration(asRead)
		_, isNumber := exactSeconds(asRead)
		require.Equal(t, err == nil && want > 0 && want <= most && !isNumber, ok, "%s as text", quoted)
		if ok {
			require.Equal(t, want, got)
		}
		if !json.Valid([]byte(text)) {
			return
		}
		seconds, isNumber := exactSeconds(text)
		if !isNumber {
			return
		}
		got, ok = recovery(t, []byte(text))
		low, high := big.NewRat(1, 2), new(big.Rat).SetInt64(int64(most))
		switch {
		case seconds.Cmp(low) < 0, seconds.Cmp(high) > 0:
			// Rounding to a float may bring a number that is off by less than that
			// to the bound itself.
			require.True(t, !ok || got == most || got == 1, "%s is out of bounds, and became %s", text, got)
		default:
			require.True(t, ok || seconds.Cmp(big.NewRat(1, 1)) < 0, "%s seconds", text)
			if ok {
				exact, _ := seconds.Float64()
				require.InDelta(t, exact, float64(got), 1+exact*1e-15)
			}
		}
	})
}

// recovery loads a value as circuit_breaker.recovery_timeout.
func recovery(t *testing.T, value []byte) (time.Duration, bool) {
	t.Helper()
	text := `{"circuit_breaker": {"max_recovery_timeout": "24h", "recovery_timeout": ` + string(value) + `}}`
	set, err := load.Load(load.Target("x", policies.API), load.Bytes("fuzzed", load.JSON, []byte(text)))
	if err != nil {
		for _, e := range all(t, err) {
			require.Equal(t, "circuit_breaker.recovery_timeout", e.Path)
		}
		return 0, false
	}
	requireSound(t, set)
	p, err := set.Target("x")
	require.NoError(t, err)
	return p.Breaker.RecoveryTimeout, true
}

var plainNumber = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*|0?\.[0-9]+|[1-9][0-9]*\.[0-9]*|0\.[0-9]*)([eE][-+]?[0-9]+)?$`)

// exactSeconds is a number of seconds in nanoseconds, without rounding.
func exactSeconds(text string) (*big.Rat, bool) {
	if !plainNumber.MatchString(text) {
		return nil, false
	}
	if f, err := strconv.ParseFloat(text, 64); err != nil || f != 0 && (f < 1e-300 && f > -1e-300) || f > 1e300 || f < -1e300 {
		return big.NewRat(int64(map[bool]int{true: -1, false: 0}[f < 0]), 1), true // far out of any bound
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, false
	}
	return n.Mul(n, big.NewRat(int64(time.Second), 1)), true
}
