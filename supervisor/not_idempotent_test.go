package supervisor

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// Broken, an operation that must not run twice would, beside an attempt that was
// left behind and may yet do what it was for; or one would not run again although
// nothing has happened.
func TestNotIdempotent(t *testing.T) {
	hangs := func(context.Context) (int, error) { <-time.After(time.Minute); return 0, nil }
	always := func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentYes }
	for name, c := range map[string]struct {
		edit     func(*policies.Policy)
		options  []CallOption
		fn       func(context.Context) (int, error)
		attempts int
		reason   retry.Reason
	}{
		"nothing said":       {fn: hangs, attempts: 3, reason: retry.MaxAttempts},
		"not idempotent":     {fn: hangs, options: []CallOption{NotIdempotent()}, attempts: 1, reason: retry.NotIdempotent},
		"but keyed":          {fn: hangs, options: []CallOption{NotIdempotent(), IdempotencyKey("1")}, attempts: 3, reason: retry.MaxAttempts},
		"but always":         {fn: hangs, options: []CallOption{NotIdempotent()}, edit: always, attempts: 3, reason: retry.MaxAttempts},
		"but never begun":    {fn: failWith(syscall.ECONNREFUSED), options: []CallOption{NotIdempotent()}, attempts: 3, reason: retry.MaxAttempts},
		"not without a sign": {fn: failWith(errTemp), options: []CallOption{NotIdempotent()}, attempts: 1, reason: retry.NotIdempotent},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				edits := []func(*policies.Policy){timesOut(time.Second)}
				if c.edit != nil {
					edits = append(edits, c.edit)
				}
				_, err := Do(bg, one(t, edits...), "x", c.fn, c.options...)
				exhausted, ok := errors.AsType[*ExhaustedError](err)
				require.True(t, ok, err)
				assert.Equal(t, c.attempts, exhausted.Attempts)
				assert.Equal(t, c.reason, exhausted.Reason)
			})
		})
	}
}
