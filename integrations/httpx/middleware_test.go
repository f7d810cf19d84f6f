package httpx

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// guarded serves handler behind the middleware, and counts how often it runs.
func guarded(t *testing.T, sup *supervisor.Supervisor, handler http.HandlerFunc, options ...MiddlewareOption) (*service, *atomic.Int64) {
	t.Helper()
	var runs atomic.Int64
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		runs.Add(1)
		handler(w, r)
	})
	return listen(t, Middleware(sup, Named(host), append(options, nil)...)(counted)), &runs
}

func (s *service) get(t *testing.T) (*http.Response, error) {
	t.Helper()
	client := &http.Client{Transport: s.base}
	return client.Do(newRequest(t, "GET", ""))
}

// answer gets one, whose body is read.
func (s *service) answer(t *testing.T) *http.Response {
	t.Helper()
	resp, err := s.get(t)
	require.NoError(t, err)
	_ = text(t, resp)
	return resp
}

// If this failed, a handler that fails would not trip its breaker, one that does
// not would, or either would run again.
func TestWhatTheMiddlewareCounts(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		after   breaker.State
		status  int // 0: the connection is closed
	}{
		"nothing written": {func(http.ResponseWriter, *http.Request) {}, breaker.Closed, 200},
		"200":             {status(200), breaker.Closed, 200},
		"404":             {status(404), breaker.Closed, 404},
		"429":             {status(429), breaker.Closed, 429},
		"499":             {status(499), breaker.Closed, 499},
		"500":             {status(500), breaker.Open, 500},
		"503":             {status(503, "Retry-After", "0"), breaker.Open, 503},
		"early hints": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(103)
			status(500)(w, r)
		}, breaker.Open, 500},
		"a second status": {func(w http.ResponseWriter, r *http.Request) {
			status(200)(w, r)
			w.WriteHeader(500)
		}, breaker.Closed, 200},
		"a panic":  {func(http.ResponseWriter, *http.Request) { panic("a bug") }, breaker.Open, 0},
		"an abort": {hangUp, breaker.Open, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := shop(t, trips(1), func(p *policies.Policy) {
					p.Retry.RetryOn, p.Retry.Idempotent = []string{"http.500", "http.503", "unknown"}, policies.IdempotentYes
				})
				s, runs := guarded(t, sup, c.handler)
				resp, err := s.get(t)
				assert.Zero(t, time.Since(s.began), "no wait")
				assert.EqualValues(t, 1, runs.Load())
				assert.Equal(t, c.after, sup.Breaker(host).State())
				if c.status == 0 {
					assert.ErrorIs(t, err, io.EOF)
					return
				}
				require.NoError(t, err)
				_ = text(t, resp)
				assert.Equal(t, c.status, resp.StatusCode)
			})
		})
	}
}

// If this failed, clients would not learn when to come back.
func TestWhatTheMiddlewareRefuses(t *testing.T) {
	t.Run("an open breaker", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			sup := shop(t, trips(1))
			s, runs := guarded(t, sup, status(500))
			_ = s.answer(t)
			pass(500 * time.Millisecond) // of the 30 s that it stays open
			resp := s.answer(t)
			assert.Equal(t, 503, resp.StatusCode)
			assert.Equal(t, "30", resp.Header.Get("Retry-After"), "rounded up")
			pass(29*time.Second + 400*time.Millisecond)
			assert.Equal(t, "1", s.answer(t).Header.Get("Retry-After"))
			assert.EqualValues(t, 1, runs.Load())
			pass(100 * time.Millisecond)
			assert.Equal(t, 500, s.answer(t).StatusCode, "a probe")
			assert.EqualValues(t, 1, s.dials.Load(), "one connection serves them all")
		})
	})
	t.Run("overload", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			sup := shop(t, pool(2, 1))
			end := make(chan struct{})
			s, runs := guarded(t, sup, func(w http.ResponseWriter, _ *http.Request) { <-end; _, _ = io.WriteString(w, "ok") })
			var served sync.WaitGroup
			for range 3 { // two run, one waits
				served.Go(func() { assert.Equal(t, 200, s.answer(t).StatusCode) })
			}
			pass(0)
			resp := s.answer(t)
			assert.Equal(t, 503, resp.StatusCode)
			assert.Equal(t, "1", resp.Header.Get("Retry-After"))
			assert.False(t, resp.Close)
			assert.EqualValues(t, 2, runs.Load())
			close(end)
			served.Wait()
			assert.EqualValues(t, 3, runs.Load())
		})
	})
	t.Run("shutdown", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			sup := shop(t)
			end := make(chan struct{})
			s, _ := guarded(t, sup, func(w http.ResponseWriter, _ *http.Request) { <-end; _, _ = io.WriteString(w, "ok") })
			var served sync.WaitGroup
			served.Go(func() { assert.Equal(t, 200, s.answer(t).StatusCode, "it is let finish") })
			pass(0)
			served.Go(func() { assert.NoError(t, sup.Shutdown(bg)) })
			pass(0)
			resp := s.answer(t)
			assert.Equal(t, 503, resp.StatusCode)
			assert.Equal(t, "1", resp.Header.Get("Retry-After"))
			assert.True(t, resp.Close, "the next request can go elsewhere")
			close(end)
			served.Wait()
		})
	})
	t.Run("an unknown target", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := listen(t, Middleware(shop(t), Named("shed"))(http.HandlerFunc(status(200))))
			resp, err := s.get(t)
			require.NoError(t, err)
			assert.Equal(t, 500, resp.StatusCode)
			assert.Empty(t, resp.Header.Get("Retry-After"))
			assert.Equal(t, "Internal Server Error\n", text(t, resp))
		})
	})
	t.Run("in words of one's own", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			sup := shop(t)
			sup.Breaker(host).ForceOpen()
			s, _ := guarded(t, sup, status(200), WithRefusal(func(w http.ResponseWriter, r *http.Request, err error) {
				w.WriteHeader(RefusalStatus(err))
				_, _ = io.WriteString(w, r.URL.Path+": come back later")
			}), WithRefusal(nil))
			resp, err := s.get(t)
			require.NoError(t, err)
			assert.Equal(t, 503, resp.StatusCode)
			assert.Equal(t, "60", resp.Header.Get("Retry-After"))
			assert.Equal(t, "/cart: come back later", text(t, resp))
		})
	})
}

// If this failed, a refusal would tell strangers what the last failure was.
func TestWriteRefusal(t *testing.T) {
	secret := errors.New("password rejected")
	for name, c := range map[string]struct {
		err    error
		status int
		after  string
		close  string
	}{
		"open":     {&supervisor.OpenError{Name: "db", Cause: secret}, 503, "60", ""},
		"probing":  {&supervisor.OpenError{Name: "db", Cause: secret, Probing: true}, 503, "1", ""},
		"until":    {&supervisor.OpenError{Name: "db", Until: time.Now().Add(-time.Hour)}, 503, "1", ""},
		"overload": {&supervisor.RejectedError{Target: "db", Err: supervisor.ErrOverloaded}, 503, "1", ""},
		"stopped":  {&supervisor.RejectedError{Target: "db", Err: supervisor.ErrTargetStopped}, 503, "1", ""},
		"shutdown": {&supervisor.RejectedError{Target: "db", Err: supervisor.ErrShutdown}, 503, "1", "close"},
		"rate":     {&supervisor.RejectedError{Err: &supervisor.RateLimitError{RetryAfter: 1500 * time.Millisecond}}, 429, "2", ""},
		"paused":   {&supervisor.RejectedError{Err: &supervisor.RateLimitError{RetryAfter: time.Minute, Paused: true}}, 503, "60", ""},
		"unknown":  {&supervisor.RejectedError{Target: "db", Err: &policies.UnknownTargetError{Name: "db"}}, 500, "", ""},
		"it ran, and then the breaker opened": {
			&supervisor.ExhaustedError{Err: secret, Cause: &supervisor.OpenError{Name: "db"}}, 503, "60", ""},
		"it ran":       {&supervisor.ExhaustedError{Err: secret}, 0, "", ""},
		"its own fail": {secret, 0, "", ""},
		"none":         {nil, 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			assert.Equal(t, c.status != 0, WriteRefusal(w, c.err))
			if c.status == 0 {
				assert.Empty(t, w.Header())
				assert.Zero(t, w.Body.Len())
				return
			}
			assert.Equal(t, c.status, w.Code)
			assert.Equal(t, c.after, w.Header().Get("Retry-After"))
			assert.Equal(t, c.close, w.Header().Get("Connection"))
			assert.Equal(t, http.StatusText(c.status)+"\n", w.Body.String())
		})
	}
}

// If this failed, a crowd of clients that leave would open the breaker for the
// others.
func TestAClientThatLeft(t *testing.T) {
	for name, then := range map[string]func(w http.ResponseWriter){
		"500":      func(w http.ResponseWriter) { w.WriteHeader(500) },
		"an abort": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := shop(t, trips(1))
				s, runs := guarded(t, sup, func(w http.ResponseWriter, r *http.Request) {
					<-r.Context().Done()
					then(w)
				})
				ctx, cancel := context.WithTimeout(bg, time.Second)
				defer cancel()
				_, err := (&http.Client{Transport: s.base}).Do(newRequest(t, "GET", "").WithContext(ctx))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				pass(0)
				assert.EqualValues(t, 1, runs.Load())
				assert.Equal(t, breaker.Closed, sup.Breaker(host).State())
			})
		})
	}
}

// If this failed, what recovers from panics above would see another one, and
// nobody where it came from.
func TestAPanicGoesOn(t *testing.T) {
	sup := shop(t)
	stacks := make(chan []byte, 1)
	sup.Subscribe(func(e actors.Event) {
		if e, ok := e.(actors.AttemptFailed); ok {
			if p, ok := errors.AsType[*supervisor.PanicError](e.Err); ok {
				stacks <- p.Stack
			}
		}
	})
	bug := &http.Request{}
	h := Middleware(sup, Named(host))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { explode(bug) }))
	assert.PanicsWithValue(t, bug, func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) })
	assert.Contains(t, string(<-stacks), "httpx.explode")
}

func explode(value any) { panic(value) }
