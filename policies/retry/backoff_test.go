package retry

import (
	"errors"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// Broken, a plain backoff loop would wait otherwise than the supervisor does.
func TestNewGivesThePolicysWaits(t *testing.T) {
	rest := []time.Duration{backoff.Stop, backoff.Stop}
	for _, tt := range []struct {
		name   string
		policy policies.Retry
		rnd    func() float64
		want   []time.Duration
	}{
		{"none", policies.Retry{Enabled: true, MaxAttempts: 4, MinWait: time.Second, MaxWait: 3 * time.Second, Jitter: policies.JitterNone}, nil,
			[]time.Duration{time.Second, 2 * time.Second, 3 * time.Second}},
		{"full", policies.Retry{Enabled: true, MaxAttempts: 3, MinWait: time.Second, MaxWait: 8 * time.Second}, func() float64 { return 0 },
			[]time.Duration{time.Second, time.Second}},
		{"middle", policies.Retry{Enabled: true, MaxAttempts: 2, MinWait: time.Second, MaxWait: 8 * time.Second}, nil,
			[]time.Duration{1500 * time.Millisecond}},
		{"decorrelated remembers", policies.Retry{Enabled: true, MaxAttempts: 4, MinWait: time.Second, MaxWait: 20 * time.Second, Jitter: policies.JitterDecorrelated},
			func() float64 { return almostOne }, []time.Duration{3 * time.Second, 9 * time.Second, 20 * time.Second}},
		{"one attempt", policies.Retry{Enabled: true, MaxAttempts: 1, MinWait: time.Second, MaxWait: time.Second}, nil, nil},
		{"disabled", policies.Retry{MaxAttempts: 9, MinWait: time.Second, MaxWait: time.Second}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := New(&tt.policy, tt.rnd)
			for range 2 {
				var got []time.Duration
				for range len(tt.want) + 2 {
					got = append(got, b.NextBackOff())
				}
				assert.Equal(t, append(append([]time.Duration{}, tt.want...), rest...), got)
				b.Reset()
			}
		})
	}
}

// Broken, a reload would change the waits of a loop that already runs.
func TestNewCopiesThePolicy(t *testing.T) {
	p := policies.Retry{Enabled: true, MaxAttempts: 2, MinWait: time.Second, MaxWait: time.Second}
	b := New(&p, nil)
	p.MaxWait, p.MinWait = time.Hour, time.Hour
	assert.Equal(t, time.Second, b.NextBackOff())
}

// Broken, backoff.Retry would run more often than max_attempts.
func TestNewBoundsARealBackoffLoop(t *testing.T) {
	calls := 0
	err := backoff.Retry(func() error { calls++; return errors.New("down") },
		New(&policies.Retry{Enabled: true, MaxAttempts: 3}, nil))
	assert.EqualError(t, err, "down")
	assert.Equal(t, 3, calls)
}
