package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// If this failed, requests would change under their callers, which reuse them.
func TestTheRequestIsNotTouched(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, repeated(status(500), 2)...)
		client := s.client(shop(t), WithIdempotencyHeader("Idempotency-Key"), WithBufferedBodies(100))
		req, _ := streamed(t, "POST", "two socks")
		req.Header = http.Header{"X-Mine": {"1"}}
		before := *req
		resp, err := client.Transport.RoundTrip(req)
		require.NoError(t, err)
		_ = text(t, resp)
		assert.Equal(t, http.Header{"X-Mine": {"1"}}, req.Header)
		assert.Nil(t, req.GetBody)
		assert.Equal(t, before.URL, req.URL)
		assert.Equal(t, before.Body, req.Body)
		assert.Equal(t, before.Context(), req.Context())
		assert.Equal(t, []string{"two socks", "two socks", "two socks"}, s.bodies())
	})
}

// If this failed, a server could not tell a repeated request from a new one.
func TestAKeyForEachRequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, status(500), status(500))
		client := s.client(shop(t), WithIdempotencyHeader("payPal-request-id"))
		send := func(method string, header http.Header) *http.Response {
			req := newRequest(t, method, "two socks")
			req.Header = header
			resp, err := client.Do(req)
			require.NoError(t, err)
			_ = text(t, resp)
			return resp
		}
		sent := send("POST", nil)
		keys := map[string]int{}
		for _, r := range s.seen() {
			keys[r.header.Get("PayPal-Request-Id")]++
		}
		key := sent.Request.Header.Get("PayPal-Request-Id")
		assert.Equal(t, map[string]int{key: 3}, keys, "one key in all attempts, and it can be seen")
		assert.Greater(t, len(key), 20)

		last := func() http.Header { all := s.seen(); return all[len(all)-1].header }
		send("POST", nil)
		assert.NotEqual(t, key, last().Get("PayPal-Request-Id"), "another request has another")
		send("POST", http.Header{"Paypal-Request-Id": {"mine"}})
		assert.Equal(t, "mine", last().Get("PayPal-Request-Id"), "the caller's own goes first")
		send("POST", http.Header{"Idempotency-Key": {"mine"}})
		assert.Empty(t, last().Get("PayPal-Request-Id"), "by whatever header")
		send("PUT", nil)
		assert.Empty(t, last().Get("PayPal-Request-Id"), "which needs none")
	})
}

// If this failed, a request that net/http takes as idempotent would not be here.
func TestAnEmptyKeySaysIdempotentAndIsNotSent(t *testing.T) {
	for name, values := range map[string][]string{"none": nil, "one that is empty": {""}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := serve(t, status(500))
				req := newRequest(t, "POST", "two socks")
				req.Header["Idempotency-Key"] = values
				resp, err := s.client(shop(t), WithIdempotencyHeader("Idempotency-Key")).Do(req)
				require.NoError(t, err)
				_ = text(t, resp)
				require.Len(t, s.seen(), 2)
				assert.Empty(t, s.seen()[1].header.Get("Idempotency-Key"))
			})
		})
	}
}

// If this failed, a request without a header, which is the caller's mistake, would
// be the program's end.
func TestARequestWithoutAHeader(t *testing.T) {
	req := newRequest(t, "POST", "")
	req.Header = nil
	_, err := NewTransport(shop(t), WithBase(answers200), WithIdempotencyHeader("Idempotency-Key")).RoundTrip(req)
	assert.NoError(t, err)
}

// If this failed, requests at the same time would get each other's answers.
func TestManyAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := listen(t, nil)
		var mu sync.Mutex
		failed := map[string]bool{}
		s.handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			again := failed[string(body)]
			failed[string(body)] = true
			mu.Unlock()
			if !again {
				w.WriteHeader(503)
			}
			_, _ = w.Write(body)
		}))
		client := s.client(shop(t, pool(8, 1000)))
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				want := fmt.Sprintf("request %d", i)
				resp, err := client.Do(newRequest(t, "PUT", want))
				if assert.NoError(t, err) {
					assert.Equal(t, want, text(t, resp))
					assert.Equal(t, 200, resp.StatusCode)
				}
			})
		}
		all.Wait()
		assert.Equal(t, time.Second, time.Since(s.began))
	})
}

// idler is a base that can close its idle connections.
type idler struct {
	http.RoundTripper
	closed int
}

func (i *idler) CloseIdleConnections() { i.closed++ }

// If this failed, http.Client.CloseIdleConnections would do nothing.
func TestIdleConnectionsAreClosed(t *testing.T) {
	sup := shop(t)
	base := &idler{RoundTripper: answers200}
	(&http.Client{Transport: NewTransport(sup, WithBase(base))}).CloseIdleConnections()
	assert.Equal(t, 1, base.closed)
	NewTransport(sup, WithBase(answers200)).CloseIdleConnections() // which has none
	assert.Same(t, http.DefaultTransport, NewTransport(sup, WithBase(nil)).base)
}

// If this failed, what a RoundTripper must not do would end in a crash of the
// program, or in silence.
func TestABaseThatMisbehaves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := shop(t)
		nothing := roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil })
		_, err := NewTransport(sup, WithBase(nothing)).RoundTrip(newRequest(t, "GET", ""))
		assert.ErrorIs(t, err, errNoResponse)

		panics := roundTripper(func(*http.Request) (*http.Response, error) { panic("a bug") })
		_, err = NewTransport(sup, WithBase(panics)).RoundTrip(newRequest(t, "GET", ""))
		_, ok := errors.AsType[*supervisor.PanicError](err)
		assert.True(t, ok)

		for _, code := range []int{200, 500} {
			bodiless := roundTripper(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: code}, nil })
			resp, err := NewTransport(sup, WithBase(bodiless)).RoundTrip(newRequest(t, "GET", ""))
			require.NoError(t, err)
			assert.Equal(t, code, resp.StatusCode)
			assert.Nil(t, resp.Body)
		}
		_, err = NewTransport(sup).RoundTrip(&http.Request{Body: io.NopCloser(strings.NewReader("x"))})
		assert.EqualError(t, err, "httpx: the request's URL is nil")
	})
}

// If this failed, what an attempt holds would be held until the caller's context
// ends, which may be never.
func TestAFailedAttemptGivesEverythingBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var attempts []*http.Request
		var bodies []*tracked
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			for i, b := range bodies {
				assert.ErrorIs(t, attempts[i].Context().Err(), context.Canceled)
				select {
				case <-b.closed:
				default:
					assert.Fail(t, "an answer that led to another attempt is open")
				}
			}
			attempts = append(attempts, r)
			if len(attempts) == 2 {
				return nil, syscall.ECONNRESET
			}
			bodies = append(bodies, &tracked{strings.NewReader(strings.Repeat("x", 1<<20)), make(chan struct{})})
			if len(attempts) == 3 {
				return &http.Response{StatusCode: 200, Body: bodies[1]}, nil
			}
			return &http.Response{StatusCode: 500, Body: bodies[0]}, nil
		})
		resp, err := NewTransport(shop(t), WithBase(base)).RoundTrip(newRequest(t, "GET", ""))
		require.NoError(t, err)
		assert.ErrorIs(t, attempts[1].Context().Err(), context.Canceled)
		assert.NoError(t, attempts[2].Context().Err())
		_ = text(t, resp)
		assert.ErrorIs(t, attempts[2].Context().Err(), context.Canceled)
	})
}

// counting is a caller's context that counts who waits for its end.
type counting struct {
	context.Context
	done    chan struct{}
	waiting atomic.Int64
}

func (c *counting) Done() <-chan struct{} { return c.done }

// AfterFunc is what package context calls where there is one.
func (c *counting) AfterFunc(func()) func() bool {
	c.waiting.Add(1)
	return sync.OnceValue(func() bool { c.waiting.Add(-1); return true })
}

// If this failed, each request would leave something in a context that lives as
// long as the program.
func TestNothingStaysInTheCallersContext(t *testing.T) {
	for name, c := range map[string]struct {
		body io.ReadCloser
		end  func(t *testing.T, resp *http.Response)
	}{
		"closed":       {io.NopCloser(strings.NewReader("ok")), func(_ *testing.T, resp *http.Response) { _ = resp.Body.Close() }},
		"read to EOF":  {io.NopCloser(strings.NewReader("ok")), func(_ *testing.T, resp *http.Response) { _, _ = io.ReadAll(resp.Body) }},
		"broken":       {io.NopCloser(readError{io.ErrUnexpectedEOF}), func(_ *testing.T, resp *http.Response) { _, _ = io.ReadAll(resp.Body) }},
		"without one":  {http.NoBody, func(*testing.T, *http.Response) {}},
		"not even one": {nil, func(*testing.T, *http.Response) {}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ctx := &counting{Context: bg, done: make(chan struct{})}
				var sent context.Context
				attempts := 0
				base := roundTripper(func(r *http.Request) (*http.Response, error) {
					sent = r.Context()
					if attempts++; attempts == 1 {
						return nil, syscall.ECONNREFUSED
					}
					return &http.Response{StatusCode: 200, Body: c.body}, nil
				})
				for _, edit := range []func(*policies.Policy){timesOut(0), timesOut(time.Minute)} {
					attempts = 0
					resp, err := NewTransport(shop(t, edit), WithBase(base)).RoundTrip(newRequest(t, "GET", "").WithContext(ctx))
					require.NoError(t, err)
					c.end(t, resp)
					pass(0)
					assert.Zero(t, ctx.waiting.Load())
					assert.ErrorIs(t, sent.Err(), context.Canceled)
				}
			})
		})
	}
}

// If this failed, a POST would be repeated where the base doesn't say of what its
// answers are.
func TestAnAnswerWithoutItsRequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sent := 0
		base := roundTripper(func(*http.Request) (*http.Response, error) {
			sent++
			return &http.Response{StatusCode: 500, Body: http.NoBody}, nil
		})
		_, err := NewTransport(shop(t), WithBase(base)).RoundTrip(newRequest(t, "POST", ""))
		require.NoError(t, err)
		assert.Equal(t, 1, sent)
	})
}

// If this failed, Err would tell one response's end of another's.
func TestErrIsOfItsResponse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, status(404))
		client := s.client(shop(t))
		bad, err := client.Get("http://" + host)
		require.NoError(t, err)
		_ = text(t, bad)
		require.Error(t, Err(bad))
		// As a caller does who goes on with the context of the answer.
		good, err := client.Do(newRequest(t, "GET", "").WithContext(bad.Request.Context()))
		require.NoError(t, err)
		_ = text(t, good)
		assert.NoError(t, Err(good))
		assert.NoError(t, Err(nil))
		assert.NoError(t, Err(&http.Response{}))
	})
}

// If this failed, a client could not wait for the end of an outage.
func TestCallOptions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t)
		sup := shop(t)
		sup.Breaker(host).ForceOpenFor(time.Minute)
		resp, err := s.client(sup, WithCallOptions(supervisor.ParkWhenOpen())).Get("http://" + host)
		require.NoError(t, err)
		_ = text(t, resp)
		assert.Equal(t, []time.Duration{time.Minute}, s.times())
	})
}
