package policies

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// If this fails, whoever reads of a reload can't tell what has changed, or
// where.
func TestChangesAreTold(t *testing.T) {
	for want, c := range map[string]Change{
		"x added":   {Target: "x", New: "api"},
		"x removed": {Target: "x", Old: "api"},
		"x: retry_policy.max_attempts 3 -> 5 (a.json:7:5)": {Target: "x", Path: "retry_policy.max_attempts", Old: "3", New: "5",
			Origin: Origin{Source: "a.json", Line: 7, Column: 5}},
		"x: pool.workers 3 -> 256 (default)":                   {Target: "x", Path: "pool.workers", Old: "3", New: "256"},
		"x: pool.workers 3 -> 4 (code)":                        {Target: "x", Path: "pool.workers", Old: "3", New: "4", Origin: Origin{Source: FromCode}},
		"x: pool.workers 3 -> 4 ($POOL)":                       {Target: "x", Path: "pool.workers", Old: "3", New: "4", Origin: Origin{Source: "$POOL", Path: "pool.workers"}},
		"x: retry_policy.retry_on none -> http.404 (a.toml:2)": {Target: "x", Path: "retry_policy.retry_on", Old: "none", New: "http.404", Origin: Origin{Source: "a.toml", Line: 2}},
		"x: retry_policy.max_wait 15s -> 30s (a.json:1:2 (follows retry_policy.min_wait))": {Target: "x", Path: "retry_policy.max_wait", Old: "15s", New: "30s",
			Origin: Origin{Source: "a.json", Line: 1, Column: 2, Follows: "retry_policy.min_wait"}},
	} {
		assert.Equal(t, want, c.String())
	}
}
