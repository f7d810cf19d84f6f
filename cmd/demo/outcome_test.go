package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/flaky"
)

// paperService answers as the real one does, but without a network, so that
// whole runs pass in a bubble's time.
type paperService struct {
	seed  uint64
	phase atomic.Pointer[phase]
}

func (s *paperService) Enter(_ context.Context, p phase) error { s.phase.Store(&p); return nil }
func (s *paperService) IsDown() bool                           { return *s.phase.Load() == down }
func (s *paperService) Close() error                           { return nil }

func (s *paperService) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.IsDown() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	number := func(header string) int {
		n, _ := strconv.Atoi(r.Header.Get(header))
		return n
	}
	f := flaky.Decide(*s.phase.Load(), s.seed, number(flaky.OperationHeader), number(flaky.AttemptHeader))
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-time.After(f.Delay):
	}
	if s.IsDown() {
		return nil, io.EOF
	}
	header := http.Header{}
	if f.RetryAfter > 0 {
		header.Set("Retry-After-Ms", strconv.FormatInt(f.RetryAfter.Milliseconds(), 10))
	}
	return &http.Response{StatusCode: f.Status, Header: header, Body: http.NoBody, Request: r}, nil
}

func measured(t *testing.T, o options, build builder) (*side, summary) {
	t.Helper()
	d, _, _ := rehearsal(t, o)
	s := d.side()
	p := &paperService{seed: o.seed}
	require.NoError(t, p.Enter(t.Context(), healthy))
	sum, err := s.meet(t.Context(), &incident{url: "http://paper/", service: p, stages: schedule(o.duration)}, p, build)
	require.NoError(t, err)
	return s, sum
}

// What the demo is there to show must come out whatever the seed: a full
// cycle of the breaker, a tenth of the calls to a service that is down, and
// at most 60 % of the failures.
func TestHoldfastDoesBetterWhateverTheSeed(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := options{seed: seed, duration: defaultRun}
				_, plain := measured(t, o, plainClient)
				side, guarded := measured(t, o, guardedClient)

				require.NoError(t, fullCycle(side.record.transitions))
				assert.Equal(t, plain.operations, guarded.operations)
				for _, s := range []summary{plain, guarded} {
					assert.Zero(t, s.unfinished)
					assert.Equal(t, s.operations, s.succeeded+s.failed, "each operation has one outcome")
				}
				assert.LessOrEqual(t, 10*guarded.refused, plain.refused)
				assert.LessOrEqual(t, 10*guarded.failed, 6*plain.failed)
				// A parked operation that is sent as a probe spends its
				// attempts on it, so one or two may use them up.
				assert.InDelta(t, guarded.recovery.backlog, guarded.recovery.saved, 2, "what was parked is not lost")
			})
		})
	}
}

// A line wider than the terminal would break the stream's columns.
func TestTheStreamOfAWholeRunFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, build := range []builder{plainClient, guardedClient} {
			d, stdout, _ := rehearsal(t, options{seed: 1, duration: defaultRun})
			s := d.side()
			p := &paperService{seed: 1}
			require.NoError(t, p.Enter(t.Context(), healthy))
			_, err := s.meet(t.Context(), &incident{service: p, stages: schedule(defaultRun)}, p, build)
			require.NoError(t, err)
			for line := range strings.Lines(stdout.String()) {
				assert.LessOrEqual(t, len([]rune(line)), width+1)
			}
		}
	})
}
