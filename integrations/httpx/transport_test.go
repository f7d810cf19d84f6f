package httpx

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// If this failed, requests would be repeated that must not be, or not repeated
// that may.
func TestWhatIsRepeated(t *testing.T) {
	comeBack := status(503, "Retry-After", "1")
	once, twice := []time.Duration{0}, []time.Duration{0, time.Second}
	for name, c := range map[string]struct {
		method string
		first  http.HandlerFunc
		header string
		edit   func(*policies.Policy)
		times  []time.Duration
		last   int
	}{
		"GET 500":     {method: "GET", first: status(500), times: twice, last: 200},
		"no method":   {method: "", first: status(500), times: twice, last: 200},
		"HEAD 502":    {method: "HEAD", first: status(502), times: twice, last: 200},
		"OPTIONS 504": {method: "OPTIONS", first: status(504), times: twice, last: 200},
		"TRACE 500":   {method: "TRACE", first: status(500), times: twice, last: 200},
		"PUT 500":     {method: "PUT", first: status(500), times: twice, last: 200},
		"DELETE 500":  {method: "DELETE", first: status(500), times: twice, last: 200},
		"POST 500":    {method: "POST", first: status(500), times: once, last: 500},
		"PATCH 503":   {method: "PATCH", first: status(503), times: once, last: 503},
		"MERGE 500":   {method: "MERGE", first: status(500), times: once, last: 500},
		"GET 404":     {method: "GET", first: status(404), times: once, last: 404},
		"GET 501":     {method: "GET", first: status(501), times: once, last: 501},

		"POST 503, come back":  {method: "POST", first: comeBack, times: twice, last: 200},
		"MERGE 503, come back": {method: "MERGE", first: comeBack, times: twice, last: 200},
		"POST 429":             {method: "POST", first: status(429), times: twice, last: 200},
		"POST 408":             {method: "POST", first: status(408), times: twice, last: 200},
		"POST 500 with a key":  {method: "POST", first: status(500), header: "Idempotency-Key", times: twice, last: 200},
		"PATCH with x-key":     {method: "PATCH", first: status(500), header: "X-Idempotency-Key", times: twice, last: 200},
		"MERGE with a key":     {method: "MERGE", first: status(500), header: "Idempotency-Key", times: twice, last: 200},
		"POST idempotent: yes": {method: "POST", first: status(500), times: twice, last: 200,
			edit: func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentYes }},
		"MERGE idempotent: yes": {method: "MERGE", first: status(500), times: twice, last: 200,
			edit: func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentYes }},
		"GET idempotent: no": {method: "GET", first: status(500), times: once, last: 500,
			edit: func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentNo }},
		"GET retry_on 404": {method: "GET", first: status(404), times: twice, last: 200,
			edit: func(p *policies.Policy) { p.Retry.RetryOn = []string{"http.404"} }},
		"x-should-retry: false": {method: "GET", first: status(500, "X-Should-Retry", "false"), times: once, last: 500},
		"x-should-retry: true":  {method: "GET", first: status(404, "X-Should-Retry", "true"), times: twice, last: 200},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := serve(t, c.first)
				edit := c.edit
				if edit == nil {
					edit = func(*policies.Policy) {}
				}
				req := newRequest(t, c.method, "two socks")
				req.Method = c.method
				if c.header != "" {
					req.Header.Set(c.header, "order 7")
				}
				resp, err := s.client(shop(t, edit)).Do(req)
				require.NoError(t, err)
				assert.Equal(t, c.last, resp.StatusCode)
				_ = text(t, resp)
				assert.Equal(t, c.times, s.times())
				for _, seen := range s.seen() {
					assert.Equal(t, "two socks", seen.body, "every attempt has the whole body")
					if c.header != "" {
						assert.Equal(t, "order 7", seen.header.Get(c.header))
					}
				}
			})
		})
	}
}

// If this failed, a broken connection would be treated other than its method
// allows: nobody knows what the server did.
func TestABrokenConnection(t *testing.T) {
	for method, attempts := range map[string]int{
		"GET": 3, "HEAD": 3, "OPTIONS": 3, "TRACE": 3, "PUT": 3, "DELETE": 3, "POST": 1, "PATCH": 1, "MERGE": 1,
	} {
		t.Run(method, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := serve(t, repeated(hangUp, 5)...)
				s.base.DisableKeepAlives = true // else net/http itself would repeat some
				_, err := s.client(shop(t)).Do(newRequest(t, method, ""))
				assert.ErrorIs(t, err, io.EOF)
				assert.Len(t, s.seen(), attempts)
				assert.NotContains(t, err.(interface{ Unwrap() error }).Unwrap().Error(), "secret", "the query")
			})
		})
	}
}

// If this failed, a request that never left would not be repeated, or its body
// would be lost.
func TestARefusedConnectionIsRepeatedForEveryMethod(t *testing.T) {
	for _, method := range []string{"GET", "PUT", "POST", "PATCH", "MERGE"} {
		t.Run(method, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := serve(t)
				s.refuses.Store(2)
				req, body := streamed(t, method, "two socks")
				resp, err := s.client(shop(t)).Do(req)
				require.NoError(t, err)
				assert.Equal(t, "ok", text(t, resp))
				assert.Equal(t, []time.Duration{3 * time.Second}, s.times())
				assert.Equal(t, []string{"two socks"}, s.bodies())
				assert.EqualValues(t, 1, body.closings.Load())
				assert.NoError(t, Err(resp))
			})
		})
	}
}

// If this failed, a server that says when to come back would be asked earlier, or
// not at all.
func TestRetryAfter(t *testing.T) {
	date := func(d time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			now := time.Now().UTC()
			w.Header().Set("Date", now.Format(http.TimeFormat))
			status(429, "Retry-After", now.Add(d).Format(http.TimeFormat))(w, r)
		}
	}
	for name, c := range map[string]struct {
		first http.HandlerFunc
		wait  time.Duration // 0: the answer is the caller's
	}{
		"seconds":              {status(503, "Retry-After", "7"), 7 * time.Second},
		"a date":               {date(9 * time.Second), 9 * time.Second},
		"milliseconds":         {status(429, "Retry-After-Ms", "250", "Retry-After", "7"), 250 * time.Millisecond},
		"at once":              {status(429, "Retry-After", "0"), time.Second},
		"none":                 {status(429), time.Second},
		"the longest":          {status(429, "Retry-After", "60"), time.Minute},
		"longer than the most": {status(429, "Retry-After", "61"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := serve(t, c.first)
				resp, err := s.client(shop(t)).Do(newRequest(t, "POST", "two socks"))
				require.NoError(t, err)
				defer resp.Body.Close()
				if c.wait > 0 {
					assert.Equal(t, []time.Duration{0, c.wait}, s.times())
					assert.Equal(t, 200, resp.StatusCode)
					return
				}
				assert.Zero(t, time.Since(s.began))
				assert.Equal(t, 429, resp.StatusCode)
				assert.Equal(t, "61", resp.Header.Get("Retry-After"))
				exhausted, ok := errors.AsType[*supervisor.ExhaustedError](Err(resp))
				require.True(t, ok)
				assert.Equal(t, retry.ServerDelay, exhausted.Reason)
			})
		})
	}
}

// If this failed, a client would get an error, or a body in pieces, where an
// http.RoundTripper owes it the answer.
func TestTheLastAnswerIsTheCallers(t *testing.T) {
	for name, size := range map[string]int{
		"empty": 0, "small": 10, "just what is read": 64 << 10, "one more": 64<<10 + 1, "large": 1 << 20,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				body := strings.Repeat("x", size)
				s := serve(t, repeated(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(500)
					_, _ = io.WriteString(w, body)
				}, 3)...)
				resp, err := s.client(shop(t)).Get("http://" + host)
				require.NoError(t, err)
				assert.Equal(t, 500, resp.StatusCode)
				assert.True(t, body == text(t, resp), "the body is whole")
				assert.Equal(t, []time.Duration{0, time.Second, 3 * time.Second}, s.times())
				assert.Equal(t, "http://"+host, resp.Request.URL.String())
				assert.NoError(t, resp.Request.Context().Err(), "its context is the caller's, not the attempt's")

				exhausted, ok := errors.AsType[*supervisor.ExhaustedError](Err(resp))
				require.True(t, ok)
				assert.Equal(t, 3, exhausted.Attempts)
				assert.Equal(t, retry.MaxAttempts, exhausted.Reason)
				answered, ok := errors.AsType[*classify.StatusError](Err(resp))
				require.True(t, ok)
				assert.Equal(t, 500, answered.StatusCode)
				_, err = resp.Body.Read(make([]byte, 1))
				assert.ErrorIs(t, err, http.ErrBodyReadAfterClose)
			})
		})
	}
}

// If this failed, the answer before an operation's early end would be lost.
func TestTheLastAnswerWhenThereCouldBeMore(t *testing.T) {
	t.Run("the breaker opens", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := serve(t, repeated(status(500), 5)...)
			sup := shop(t, trips(2))
			resp, err := s.client(sup).Get("http://" + host)
			require.NoError(t, err)
			assert.Equal(t, "Internal Server Error", text(t, resp))
			assert.ErrorIs(t, Err(resp), supervisor.ErrOpen)
			assert.Len(t, s.seen(), 2)
		})
	})
	t.Run("the deadline leaves no time", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := serve(t, repeated(status(500), 5)...)
			client := s.client(shop(t))
			client.Timeout = 2500 * time.Millisecond
			resp, err := client.Get("http://" + host)
			require.NoError(t, err)
			assert.Equal(t, "Internal Server Error", text(t, resp))
			exhausted, ok := errors.AsType[*supervisor.ExhaustedError](Err(resp))
			require.True(t, ok)
			assert.Equal(t, retry.CallerDeadline, exhausted.Reason)
			assert.Equal(t, []time.Duration{0, time.Second}, s.times())
		})
	})
	t.Run("shutdown", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := serve(t, repeated(status(500), 5)...)
			sup := shop(t)
			time.AfterFunc(500*time.Millisecond, func() { _ = sup.Shutdown(bg) })
			resp, err := s.client(sup).Get("http://" + host)
			require.NoError(t, err)
			assert.Equal(t, 500*time.Millisecond, time.Since(s.began))
			assert.Equal(t, "Internal Server Error", text(t, resp))
			assert.ErrorIs(t, Err(resp), supervisor.ErrShutdown)
		})
	})
	t.Run("but the last attempt had none", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := serve(t, status(500), status(500), hangUp)
			s.base.DisableKeepAlives = true
			_, err := s.client(shop(t)).Get("http://" + host)
			assert.ErrorIs(t, err, io.EOF)
			_, answered := errors.AsType[*classify.StatusError](err)
			assert.False(t, answered)
		})
	})
}

// If this failed, a caller who leaves would be kept waiting, or get an answer whose
// body can't be read.
func TestTheCallerLeaves(t *testing.T) {
	own := errors.New("the user pressed stop")
	for name, c := range map[string]struct {
		first http.HandlerFunc
		at    time.Duration
	}{
		"in a wait":     {status(500), 500 * time.Millisecond},
		"in an attempt": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 5 * time.Second},
		"before":        {status(200), 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := serve(t, c.first)
				edits := []func(*policies.Policy){}
				if name == "in an attempt" {
					edits = append(edits, trips(1))
				}
				sup := shop(t, edits...)
				ctx, cancel := context.WithCancelCause(bg)
				if c.at == 0 {
					cancel(own)
				} else {
					time.AfterFunc(c.at, func() { cancel(own) })
				}
				req := newRequest(t, "GET", "two socks").WithContext(ctx)
				_, err := s.client(sup).Do(req)
				assert.Equal(t, c.at, time.Since(s.began))
				assert.ErrorIs(t, err, own)
				if name == "in an attempt" {
					assert.ErrorIs(t, err, context.Canceled)
					assert.Equal(t, breaker.Closed, sup.Breaker(host).State(), "it is nobody's fault")
				}
				_, answered := errors.AsType[*classify.StatusError](err)
				assert.Equal(t, name == "in a wait", answered, "what the last answer was can be seen")
			})
		})
	}
}

// If this failed, a breaker would let requests through, or refuse them without
// saying so.
func TestARefusedRequestIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t)
		sup := shop(t)
		sup.Breaker(host).ForceOpen()
		req, body := streamed(t, "PUT", "two socks")
		_, err := s.client(sup).Do(req)
		assert.ErrorIs(t, err, supervisor.ErrOpen)
		_, ok := errors.AsType[*supervisor.OpenError](err)
		assert.True(t, ok)
		assert.Zero(t, s.dials.Load())
		assert.EqualValues(t, 1, body.closings.Load(), "the body is closed all the same")

		require.NoError(t, sup.Shutdown(bg))
		req, body = streamed(t, "PUT", "two socks")
		_, err = s.client(sup).Do(req)
		assert.ErrorIs(t, err, supervisor.ErrShutdown)
		assert.EqualValues(t, 1, body.closings.Load())
	})
}

// If this failed, the breaker would open for what is no fault of the server's, or
// stay closed over what is.
func TestWhatTheBreakerCounts(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		after  breaker.State
	}{
		"404": {status(404), breaker.Closed}, "401": {status(401), breaker.Closed}, "409": {status(409), breaker.Closed},
		"429": {status(429), breaker.Closed}, "304": {status(304), breaker.Closed},
		"500": {status(500), breaker.Open}, "503": {status(503), breaker.Open}, "529": {status(529), breaker.Open},
		"no answer": {hangUp, breaker.Open},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := serve(t, c.answer)
				s.base.DisableKeepAlives = true
				sup := shop(t, trips(1), func(p *policies.Policy) { p.Retry.Enabled = false })
				resp, err := s.client(sup).Get("http://" + host)
				if err == nil {
					_ = text(t, resp)
				}
				assert.Equal(t, c.after, sup.Breaker(host).State())
			})
		})
	}
}

// If this failed, nobody could tell that the service is down from the error.
func TestTheErrorOfAServiceThatIsDown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t)
		s.refuses.Store(9)
		_, err := s.client(shop(t)).Get("http://" + host + "/cart?user=secret")
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
		assert.EqualError(t, err, `Get "http://shop.test/cart?user=secret": operation on "shop.test" failed after 3 attempts (max_attempts): `+
			`Get "http://shop.test/cart": dial memory: connection refused`)
	})
	bubble(t, func(t *testing.T) { // an error that ends the operation at once is what it was
		base := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("malformed") })
		client := &http.Client{Transport: NewTransport(shop(t), WithBase(base))}
		_, err := client.Get("http://" + host)
		assert.EqualError(t, err, `Get "http://shop.test": malformed`)
	})
}
