package httpx

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
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

// If this failed, streams would be held back by the middleware, or handlers lose
// what their ResponseWriter can do.
func TestTheResponseWriterStaysWhatItIs(t *testing.T) {
	t.Run("a stream, with trailers", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s, _ := guarded(t, shop(t), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Trailer", "X-Sum")
				for range 3 {
					_, _ = io.WriteString(w, "tick\n")
					w.(http.Flusher).Flush()
					time.Sleep(time.Second)
				}
				w.Header().Set("X-Sum", "3")
				w.Header().Set(http.TrailerPrefix+"X-Other", "4")
			})
			resp, err := s.get(t)
			require.NoError(t, err)
			lines := bufio.NewScanner(resp.Body)
			for i := range 3 {
				require.True(t, lines.Scan())
				assert.Equal(t, time.Duration(i)*time.Second, time.Since(s.began))
			}
			require.False(t, lines.Scan())
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, "3", resp.Trailer.Get("X-Sum"))
			assert.Equal(t, "4", resp.Trailer.Get("X-Other"))
		})
	})
	t.Run("a header alone", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s, _ := guarded(t, shop(t), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Mine", "1")
				assert.NoError(t, http.NewResponseController(w).Flush())
			})
			resp := s.answer(t)
			assert.Equal(t, "1", resp.Header.Get("X-Mine"))
		})
		h := Middleware(shop(t), Named(host))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			assert.Equal(t, "2", w.Header().Get("X-Above"))
			w.Header().Del("X-Above")
			w.Header().Set("X-Mine", "1")
		}))
		w := httptest.NewRecorder()
		w.Header().Set("X-Above", "2") // by a middleware above
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		assert.Equal(t, http.Header{"X-Mine": {"1"}}, w.Header())
	})
	t.Run("a connection of one's own", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			sup := shop(t, trips(1))
			s, _ := guarded(t, sup, func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if assert.NoError(t, err) {
					_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
					_ = conn.Close()
				}
			})
			assert.Equal(t, 204, s.answer(t).StatusCode)
		})
		h := Middleware(shop(t), Named(host))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _, err := http.NewResponseController(w).Hijack()
			assert.ErrorIs(t, err, http.ErrNotSupported, "where there is none")
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	})
	t.Run("deadlines", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s, _ := guarded(t, shop(t), func(w http.ResponseWriter, r *http.Request) {
				assert.NoError(t, http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Second)))
				_, err := io.ReadAll(r.Body)
				assert.ErrorContains(t, err, "timeout")
				w.WriteHeader(408)
			})
			reader, writer := io.Pipe()
			defer writer.Close()
			req, err := http.NewRequest("PUT", "http://"+host, reader)
			require.NoError(t, err)
			resp, err := s.base.RoundTrip(req)
			require.NoError(t, err)
			assert.Equal(t, 408, resp.StatusCode)
			_ = text(t, resp)
			assert.Equal(t, time.Second, time.Since(s.began))
		})
	})
}

// If this failed, the files of a form would stay on the disk, and what logs requests
// above would not know which handler had them.
func TestTheServerLearnsWhatTheHandlerFoundOut(t *testing.T) {
	parse := http.NewServeMux()
	parse.HandleFunc("POST /form/{id}", func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseMultipartForm(1))
		if r.PathValue("id") == "bad" {
			panic("a bug")
		}
	})
	guarded := Middleware(shop(t), Named(host))(parse)
	for _, path := range []string{"/form/good", "/form/bad"} {
		r := httptest.NewRequest("POST", path, strings.NewReader("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n"))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		func() {
			defer func() { _ = recover() }()
			guarded.ServeHTTP(httptest.NewRecorder(), r)
		}()
		assert.Equal(t, "POST /form/{id}", r.Pattern)
		require.NotNil(t, r.MultipartForm)
		assert.Equal(t, []string{"1"}, r.MultipartForm.Value["a"])
	}
}

// If this failed, the files of a handler that was left behind would stay on the
// disk: the server has cleaned up by then.
func TestTheFilesOfAHandlerThatIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	files := func() int {
		all, err := os.ReadDir(dir)
		require.NoError(t, err)
		return len(all)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader("--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n"+
		strings.Repeat("1", 100)+"\r\n--x--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	s := &serving{response: response{w: httptest.NewRecorder()}, request: r}
	s.next = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseMultipartForm(1))
		assert.Equal(t, 1, files())
		assert.Equal(t, leftBehind, s.leave())
	})
	_, err := s.run(bg)
	assert.Error(t, err)
	assert.Zero(t, files())
	assert.Nil(t, r.MultipartForm)
}

// If this failed, operations within a handler would wait for the workers that their
// own requests hold.
func TestTheHandlersContextIsTheAttempts(t *testing.T) {
	sup := shop(t, pool(1, 0))
	h := Middleware(sup, Named(host))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		a, ok := supervisor.CurrentAttempt(r.Context())
		assert.True(t, ok)
		assert.Equal(t, host, a.Target)
		_, err := supervisor.Do(r.Context(), sup, host, func(context.Context) (int, error) { return 1, nil })
		assert.NoError(t, err)
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

// If this failed, a handler that was left behind would write into the answer that
// the client got in its place, or into that of the next request.
func TestAHandlerThatIsLeftBehind(t *testing.T) {
	timeout := func(next http.Handler) http.Handler { // by a middleware above, for the target's attempts can be left
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	for name, c := range map[string]struct {
		first   string
		timeout bool // attempt_timeout, and otherwise one above
	}{
		"before it wrote":                     {},
		"after it wrote":                      {first: "half"},
		"at attempt_timeout, before it wrote": {timeout: true},
		"at attempt_timeout, after it wrote":  {first: "half", timeout: true},
	} {
		first := c.first
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := supervise(t, targets{host: policy()}, detached())
				above := timeout
				if c.timeout {
					above = func(next http.Handler) http.Handler { return next }
					sup = shop(t, func(p *policies.Policy) {
						p.Retry.AttemptTimeout, p.Retry.Idempotent = time.Second, policies.IdempotentYes
					})
				}
				late := make(chan error, 3)
				handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					controller := http.NewResponseController(w)
					if first != "" {
						_, _ = io.WriteString(w, first)
						_ = controller.Flush()
					}
					time.Sleep(time.Minute)
					w.Header().Set("X-Late", "1")
					w.WriteHeader(200)
					_, err := io.WriteString(w, "late")
					late <- err
					late <- controller.Flush()
					_, _, err = controller.Hijack()
					late <- err
					assert.Error(t, controller.SetWriteDeadline(time.Now()))
				})
				s := listen(t, above(Middleware(sup, Named(host))(handler)))
				resp, err := s.get(t)
				require.NoError(t, err)
				if first == "" {
					assert.Equal(t, time.Second, time.Since(s.began))
					assert.Equal(t, 503, resp.StatusCode)
					assert.Equal(t, "1", resp.Header.Get("Retry-After"))
					assert.True(t, resp.Close)
					assert.Empty(t, resp.Header.Get("X-Late"))
					assert.Equal(t, "Service Unavailable\n", text(t, resp))
				} else {
					data, err := io.ReadAll(resp.Body)
					assert.Equal(t, "half", string(data))
					assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "half an answer is not a whole one")
					assert.Equal(t, time.Second, time.Since(s.began))
				}
				for range 3 {
					assert.ErrorIs(t, <-late, http.ErrHandlerTimeout)
				}
				assert.Equal(t, time.Minute, time.Since(s.began))
			})
		})
	}
}

// If this failed, a handler could run again for a request that was answered.
func TestAHandlerRunsOnce(t *testing.T) {
	runs := 0
	s := &serving{
		response: response{w: httptest.NewRecorder()},
		request:  httptest.NewRequest("GET", "/", nil),
		next:     http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runs++ }),
	}
	_, err := s.run(bg)
	assert.NoError(t, err)
	_, err = s.run(bg)
	assert.ErrorIs(t, err, errServed)

	never := &serving{response: response{w: httptest.NewRecorder()}, next: s.next}
	assert.Equal(t, refused, never.leave())
	_, err = never.run(bg)
	assert.ErrorIs(t, err, errServed)
	assert.Equal(t, 1, runs)
}
