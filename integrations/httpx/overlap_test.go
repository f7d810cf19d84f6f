package httpx

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// hangs answers only when its client has left, and says when that was.
func hangs(left chan<- time.Time) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		left <- time.Now()
	}
}

func timesOut(after time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Retry.AttemptTimeout = after }
}

func hedges(after time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Hedge.Delay = after }
}

// If this failed, a server that hangs would hold a request for ever, or get one
// twice that it must not.
func TestAnAttemptThatTakesTooLong(t *testing.T) {
	for name, c := range map[string]struct {
		method, key string
		streamed    bool
		options     []Option
		edit        func(*policies.Policy)
		attempts    int
	}{
		"GET":                     {method: "GET", attempts: 2},
		"PUT":                     {method: "PUT", attempts: 2},
		"PUT, kept":               {method: "PUT", streamed: true, options: []Option{WithBufferedBodies(100)}, attempts: 2},
		"PUT, sent":               {method: "PUT", streamed: true, attempts: 1},
		"PUT, sent, with a key":   {method: "PUT", streamed: true, key: "1", attempts: 1},
		"POST":                    {method: "POST", attempts: 1},
		"MERGE":                   {method: "MERGE", attempts: 1},
		"POST with a key":         {method: "POST", key: "1", attempts: 2},
		"POST with one of ours":   {method: "POST", options: []Option{WithIdempotencyHeader("Idempotency-Key")}, attempts: 2},
		"POST, idempotent: yes":   {method: "POST", attempts: 2, edit: func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentYes }},
		"GET, idempotent: no":     {method: "GET", attempts: 1, edit: func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentNo }},
		"GET, no, and it hedges":  {method: "GET", attempts: 1, edit: func(p *policies.Policy) { p.Retry.Idempotent, p.Hedge.Delay = policies.IdempotentNo, time.Hour }},
		"GET, hedged much later":  {method: "GET", attempts: 2, edit: hedges(time.Hour)},
		"POST, hedged much later": {method: "POST", attempts: 1, edit: hedges(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				left := make(chan time.Time, 1)
				s := serve(t, hangs(left))
				edit := c.edit
				if edit == nil {
					edit = func(*policies.Policy) {}
				}
				req := newRequest(t, c.method, "two socks")
				if c.streamed {
					req, _ = streamed(t, c.method, "two socks")
				}
				if c.key != "" {
					req.Header.Set("Idempotency-Key", c.key)
				}
				resp, err := s.client(shop(t, timesOut(5*time.Second), edit), c.options...).Do(req)
				if c.attempts == 2 {
					require.NoError(t, err)
					assert.Equal(t, "ok", text(t, resp))
					assert.Equal(t, []time.Duration{0, 6 * time.Second}, s.times())
					assert.Equal(t, []string{"two socks", "two socks"}, s.bodies())
				} else {
					_, ok := errors.AsType[*supervisor.AttemptTimeoutError](err)
					assert.True(t, ok, err)
					assert.Equal(t, 5*time.Second, time.Since(s.began), "nobody waits for an attempt that can't be")
					if c.method == "POST" {
						exhausted, ok := errors.AsType[*supervisor.ExhaustedError](err)
						require.True(t, ok)
						assert.Equal(t, retry.NotIdempotent, exhausted.Reason)
					}
				}
				assert.Equal(t, 5*time.Second, (<-left).Sub(s.began))
			})
		})
	}
}

// If this failed, a request whose first attempt is still under way, and of which
// nobody but the supervisor knows that it failed, would be sent beside it.
func TestAnAttemptThatIsLeftBehind(t *testing.T) {
	for name, c := range map[string]struct {
		method   string
		streamed bool
		attempts int
	}{
		"GET": {"GET", false, 3}, "PUT": {"PUT", false, 3}, "PUT, streamed": {"PUT", true, 1},
		"POST": {"POST", false, 1}, "PATCH": {"PATCH", false, 1}, "MERGE": {"MERGE", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var sent atomic.Int64
				base := roundTripper(func(r *http.Request) (*http.Response, error) {
					sent.Add(1)
					_, _ = io.ReadAll(r.Body)
					time.Sleep(time.Hour) // it doesn't listen to its context
					return nil, r.Body.Close()
				})
				req := newRequest(t, c.method, "two socks")
				if c.streamed {
					req, _ = streamed(t, c.method, "two socks")
				}
				began := time.Now()
				_, err := NewTransport(shop(t, timesOut(time.Second)), WithBase(base)).RoundTrip(req)
				exhausted, ok := errors.AsType[*supervisor.ExhaustedError](err)
				require.True(t, ok, err)
				assert.Equal(t, c.attempts, exhausted.Attempts)
				assert.EqualValues(t, c.attempts, sent.Load())
				if c.attempts == 1 {
					assert.Equal(t, retry.NotIdempotent, exhausted.Reason)
					assert.Equal(t, time.Second, time.Since(began))
				}
			})
		})
	}
}

// If this failed, the policy's bound on an attempt would cut off the stream that it
// began.
func TestAStreamOutlivesAttemptTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, ticks(nil))
		resp, err := s.client(shop(t, timesOut(1500*time.Millisecond), hedges(time.Second))).Get("http://" + host)
		require.NoError(t, err)
		assert.Len(t, text(t, resp), len("tick\n")*10)
		assert.Equal(t, 10*time.Second, time.Since(s.began))
	})
}

// If this failed, a slow server would not be asked a second time where that is
// harmless, or be where it is not.
func TestHedgedRequests(t *testing.T) {
	for name, c := range map[string]struct {
		method, key string
		streamed    bool
		options     []Option
		edit        func(*policies.Policy)
		hedged      bool
	}{
		"GET":                        {method: "GET", hedged: true},
		"PUT":                        {method: "PUT", hedged: true},
		"POST":                       {method: "POST"},
		"POST with a key":            {method: "POST", key: "1", hedged: true},
		"POST with a key, streamed":  {method: "POST", key: "1", streamed: true},
		"PUT, streamed":              {method: "PUT", streamed: true},
		"PUT, kept":                  {method: "PUT", streamed: true, options: []Option{WithBufferedBodies(100)}},
		"PUT, streamed, always safe": {method: "PUT", streamed: true, edit: func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentYes }},
		"GET, never safe":            {method: "GET", edit: func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentNo }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				left := make(chan time.Time, 1)
				s := serve(t, func(w http.ResponseWriter, r *http.Request) {
					select {
					case <-r.Context().Done():
						left <- time.Now()
					case <-time.After(10 * time.Second):
						_, _ = io.WriteString(w, "slow")
					}
				})
				edit := c.edit
				if edit == nil {
					edit = func(*policies.Policy) {}
				}
				req := newRequest(t, c.method, "two socks")
				if c.streamed {
					req, _ = streamed(t, c.method, "two socks")
				}
				if c.key != "" {
					req.Header.Set("Idempotency-Key", c.key)
				}
				resp, err := s.client(shop(t, hedges(2*time.Second), edit), c.options...).Do(req)
				require.NoError(t, err)
				if !c.hedged {
					assert.Equal(t, "slow", text(t, resp))
					assert.Equal(t, []string{"two socks"}, s.bodies())
					return
				}
				assert.Equal(t, "ok", text(t, resp))
				assert.Equal(t, []time.Duration{0, 2 * time.Second}, s.times())
				assert.Equal(t, []string{"two socks", "two socks"}, s.bodies())
				assert.Equal(t, 2*time.Second, (<-left).Sub(s.began), "the loser is called off")
			})
		})
	}
}

// If this failed, a handler would run twice for one request.
func TestAHandlerIsNotHedged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := shop(t, hedges(time.Second), func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentYes })
		s, runs := guarded(t, sup, func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(5 * time.Second)
			_, _ = io.WriteString(w, "ok")
		})
		assert.Equal(t, 200, s.answer(t).StatusCode)
		assert.EqualValues(t, 1, runs.Load())
		assert.Equal(t, 5*time.Second, time.Since(s.began))
	})
}

// If this failed, a timeout would be told twice in one error.
func TestTheErrorOfATimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, hangs(make(chan time.Time, 1)))
		_, err := s.client(shop(t, timesOut(time.Second))).Do(newRequest(t, "POST", ""))
		require.Error(t, err)
		assert.LessOrEqual(t, strings.Count(err.Error(), "took longer than attempt_timeout"), 1, err)
	})
}
