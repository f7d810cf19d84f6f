package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	upTo := func(n int) []time.Duration {
		d := make([]time.Duration, n)
		for i := range d {
			d[i] = time.Duration(i + 1)
		}
		return d
	}
	for _, tc := range []struct {
		n    int
		p    float64
		want time.Duration
	}{
		{0, 50, 0}, {1, 50, 1}, {1, 99, 1}, {2, 50, 1}, {3, 50, 2}, {4, 50, 2},
		{99, 99, 99}, {100, 50, 50}, {100, 99, 99}, {101, 99, 100}, {200, 99, 198},
		{10, 0, 1}, {10, 100, 10},
	} {
		assert.Equal(t, tc.want, percentile(upTo(tc.n), tc.p), "p%v of %d", tc.p, tc.n)
	}
}

func TestPercentilesSortFirst(t *testing.T) {
	assert.Equal(t, latencies{p50: 2, p99: 3}, percentiles([]time.Duration{3, 1, 2}))
}

// An operation that Ctrl-C cut off would otherwise count against a client.
func TestSummariseLeavesOutWhatWasInterrupted(t *testing.T) {
	broken := errors.New("broken")
	user := operation{kind: interactive, arrival: time.Second}
	work := operation{kind: background}
	s := summarise(6, []ending{
		{op: user, at: 3 * time.Second},
		{op: user, at: 2 * time.Second, err: broken},
		{op: work, at: 5 * time.Second},
		{op: work, at: 4 * time.Second, err: broken},
		{op: user, at: 60 * time.Second, err: broken, interrupted: true},
	})
	assert.Equal(t, summary{
		ran: true, operations: 6, succeeded: 2, failed: 2, usersFailed: 1, unfinished: 2,
		all:         latencies{p50: 2 * time.Second, p99: 5 * time.Second},
		interactive: latencies{p50: time.Second, p99: 2 * time.Second},
	}, s)
}

func TestRecovery(t *testing.T) {
	broken := errors.New("broken")
	before, after := operation{arrival: 4 * time.Second}, operation{arrival: 6 * time.Second}
	const back = 5 * time.Second
	for _, tc := range []struct {
		name    string
		endings []ending
		want    recovery
	}{
		{"nothing happened", nil, recovery{known: true}},
		{"what ended before doesn't count", []ending{{op: before, at: 4 * time.Second}}, recovery{known: true}},
		{"the first success is the earliest", []ending{
			{op: after, at: 8 * time.Second}, {op: after, at: 7 * time.Second}, {op: after, at: 6 * time.Second, err: broken},
		}, recovery{known: true, succeeded: true, firstSuccess: 2 * time.Second}},
		{"the backlog is what arrived before", []ending{
			{op: before, at: 9 * time.Second, err: broken}, {op: before, at: 8 * time.Second},
			{op: after, at: 12 * time.Second}, {op: before, at: 20 * time.Second, err: broken, interrupted: true},
		}, recovery{known: true, succeeded: true, firstSuccess: 3 * time.Second, backlog: 2, saved: 1, drained: 4 * time.Second}},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.want, recoveryOf(tc.endings, back)) })
	}
}
