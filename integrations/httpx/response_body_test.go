package httpx

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// ticks sends a line each second, ten of them, until its client leaves.
func ticks(left chan<- time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for range 10 {
			_, _ = io.WriteString(w, "tick\n")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
				left <- time.Now()
				return
			}
		}
	}
}

// If this failed, a stream would be held back, or cut off when its attempt ends.
func TestAStreamGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, status(500), ticks(nil))
		sup := shop(t)
		resp, err := s.client(sup).Get("http://" + host)
		require.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(s.began), "the header is there")
		lines := bufio.NewScanner(resp.Body)
		for i := range 10 {
			require.True(t, lines.Scan())
			assert.Equal(t, time.Duration(1+i)*time.Second, time.Since(s.began))
		}
		assert.False(t, lines.Scan())
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 11*time.Second, time.Since(s.began))
	})
}

// If this failed, a caller could not end a stream, or the service would go on
// sending.
func TestTheCallerEndsAStream(t *testing.T) {
	own := errors.New("the user pressed stop")
	for name, end := range map[string]func(cancel context.CancelCauseFunc, resp *http.Response){
		"by its context": func(cancel context.CancelCauseFunc, _ *http.Response) { cancel(own) },
		"by closing it":  func(_ context.CancelCauseFunc, resp *http.Response) { _ = resp.Body.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				left := make(chan time.Time, 1)
				s := serve(t, ticks(left))
				ctx, cancel := context.WithCancelCause(bg)
				defer cancel(nil)
				resp, err := s.client(shop(t)).Do(newRequest(t, "GET", "").WithContext(ctx))
				require.NoError(t, err)
				defer resp.Body.Close()
				time.AfterFunc(2500*time.Millisecond, func() { end(cancel, resp) })
				data, err := io.ReadAll(resp.Body)
				assert.Equal(t, "tick\ntick\ntick\n", string(data))
				if name == "by its context" {
					assert.ErrorIs(t, err, own)
				} else {
					assert.Error(t, err)
				}
				assert.Equal(t, 2500*time.Millisecond, time.Since(s.began))
				assert.Equal(t, 2500*time.Millisecond, (<-left).Sub(s.began))
			})
		})
	}
}

// deadlined is an attempt's context as a policy would bound it.
func deadlined(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(bg, d)
	t.Cleanup(cancel)
	return ctx
}

// attempted makes one attempt by hand, whose context is not the caller's.
func attempted(s *service, sup *supervisor.Supervisor, req *http.Request) *exchange {
	x := &exchange{base: s.base, request: req, target: sup.Target(host)}
	x.upload.init(req, 0)
	return x
}

// If this failed, an attempt's timeout would cut off the stream that the attempt
// began in time.
func TestTheBodyOutlivesItsAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, ticks(nil))
		caller, cancel := context.WithTimeout(bg, time.Hour)
		defer cancel()
		x := attempted(s, shop(t), newRequest(t, "GET", "").WithContext(caller))
		defer x.end()
		a, err := x.attempt(deadlined(t, 1500*time.Millisecond))
		require.NoError(t, err)
		deadline, _ := a.response.Request.Context().Deadline()
		assert.Equal(t, s.began.Add(time.Hour), deadline, "the caller's")
		assert.Equal(t, strings.Repeat("tick\n", 10), text(t, a.response))
		assert.ErrorIs(t, a.response.Request.Context().Err(), context.Canceled, "and then everything is given back")
	})
}

// If this failed, an attempt that is over would go on waiting for its answer.
func TestTheAttemptEndsBeforeItsHeader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		left := make(chan time.Time, 1)
		s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); left <- time.Now() })
		x := attempted(s, shop(t), newRequest(t, "GET", ""))
		defer x.end()
		_, err := x.attempt(deadlined(t, 1500*time.Millisecond))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1500*time.Millisecond, time.Since(s.began))
		assert.Equal(t, 1500*time.Millisecond, (<-left).Sub(s.began))
	})
}

// If this failed, an attempt that is over would hand in an error's answer, of which
// it had read half.
func TestTheAttemptEndsInAnErrorsBody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		x := attempted(s, shop(t), newRequest(t, "GET", ""))
		defer x.end()
		_, err := x.attempt(deadlined(t, 1500*time.Millisecond))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1500*time.Millisecond, time.Since(s.began))
		assert.Empty(t, x.held)
	})
}

// If this failed, the answer of an attempt that is over would stay open.
func TestAnAnswerAsItsAttemptEnds(t *testing.T) {
	body := &tracked{strings.NewReader("late"), make(chan struct{})}
	ctx, cancel := context.WithCancel(bg)
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		cancel()
		<-r.Context().Done()
		return &http.Response{StatusCode: 200, Body: body}, nil
	})
	x := &exchange{base: base, request: newRequest(t, "GET", "")}
	_, err := x.attempt(ctx)
	assert.ErrorIs(t, err, context.Canceled)
	<-body.closed
}

// If this failed, a server that doesn't finish its error would keep a request from
// its next attempt for ever.
func TestAnErrorThatIsNotFinished(t *testing.T) {
	half := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	bubble(t, func(t *testing.T) {
		s := serve(t, half)
		resp, err := s.client(shop(t)).Get("http://" + host)
		require.NoError(t, err)
		assert.Equal(t, "ok", text(t, resp))
		assert.Equal(t, []time.Duration{0, 11 * time.Second}, s.times())
	})
	bubble(t, func(t *testing.T) {
		s := serve(t, half, half, half)
		resp, err := s.client(shop(t)).Get("http://" + host)
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		assert.Equal(t, "half", string(data))
		assert.ErrorIs(t, err, errSlow)
		assert.NoError(t, resp.Body.Close())
	})
}

// If this failed, each attempt would need a connection of its own.
func TestConnectionsAreUsedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		size  int
		dials int64
	}{"read to the end": {64 << 10, 1}, "too long to read": {4 << 20, 3}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				bad := func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(502)
					_, _ = io.WriteString(w, strings.Repeat("x", c.size))
				}
				s := serve(t, bad, bad)
				resp, err := s.client(shop(t)).Get("http://" + host)
				require.NoError(t, err)
				assert.Equal(t, "ok", text(t, resp))
				assert.Len(t, s.seen(), 3)
				assert.Equal(t, c.dials, s.dials.Load())
			})
		})
	}
}

// idle is a worker with state, so that attempts run on its goroutine and can be
// left behind.
type idle struct{}

func (idle) Handle(context.Context, any) (any, error) { return nil, nil }
func (idle) Close() error                             { return nil }

func detached() supervisor.Option {
	return supervisor.WithWorker(host, func(context.Context) (actors.Worker, error) { return idle{}, nil })
}

// tracked is a body that says when it is closed.
type tracked struct {
	io.Reader
	closed chan struct{}
}

func (b *tracked) Close() error { close(b.closed); return nil }

// If this failed, an answer that comes when nobody waits for it any more would keep
// its connection for ever.
func TestALateAnswerIsClosed(t *testing.T) {
	for name, code := range map[string]int{"good": 200, "bad": 500} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := supervise(t, targets{host: policy()}, detached())
				body := &tracked{strings.NewReader("late"), make(chan struct{})}
				base := roundTripper(func(*http.Request) (*http.Response, error) {
					time.Sleep(time.Minute) // it doesn't listen to its context
					return &http.Response{StatusCode: code, Body: body}, nil
				})
				ctx, cancel := context.WithTimeout(bg, time.Second)
				defer cancel()
				began := time.Now()
				_, err := NewTransport(sup, WithBase(base)).RoundTrip(newRequest(t, "GET", "").WithContext(ctx))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, time.Second, time.Since(began))
				select {
				case <-body.closed:
				case <-time.After(time.Hour):
					assert.Fail(t, "the late answer's body stays open")
				}
				assert.Equal(t, time.Minute, time.Since(began))
			})
		})
	}
}

// If this failed, the answer of an attempt that overlapped with the one the caller
// gets would stay open.
func TestTheAnswersOfOverlappingAttempts(t *testing.T) {
	var bodies []*tracked
	for _, s := range []string{"1", "2", "3"} {
		bodies = append(bodies, &tracked{strings.NewReader(s), make(chan struct{})})
	}
	n := 0
	base := roundTripper(func(*http.Request) (*http.Response, error) {
		n++
		return &http.Response{StatusCode: 200, Body: bodies[n-1]}, nil
	})
	req := newRequest(t, "GET", "")
	x := &exchange{base: base, request: req}
	first, err := x.attempt(bg)
	require.NoError(t, err)
	_, err = x.attempt(bg)
	require.NoError(t, err)
	resp, err := x.outcome(first, nil)
	require.NoError(t, err)
	x.end()
	<-bodies[1].closed
	select {
	case <-bodies[0].closed:
		assert.Fail(t, "the caller's own is closed")
	default:
	}
	assert.Equal(t, "1", text(t, resp))
	assert.Same(t, req, resp.Request)

	_, err = x.attempt(bg)
	assert.ErrorIs(t, err, errOver)
	<-bodies[2].closed
}

// If this failed, a connection that switched to another protocol could only be
// read from.
func TestAnUpgradedConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, buffered, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			line, _ := buffered.ReadString('\n')
			_, _ = io.WriteString(conn, line)
		})
		req := newRequest(t, "GET", "")
		req.Header.Set("Connection", "upgrade")
		req.Header.Set("Upgrade", "echo")
		resp, err := s.client(shop(t)).Do(req)
		require.NoError(t, err)
		require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
		both, ok := resp.Body.(io.ReadWriteCloser)
		require.True(t, ok)
		pass(time.Minute)
		_, err = io.WriteString(both, "hello\n")
		require.NoError(t, err)
		assert.Equal(t, "hello\n", text(t, resp))
	})
}

// If this failed, the trailers that come after a body would be lost.
func TestTrailers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			_, _ = io.WriteString(w, "ok")
			w.Header().Set("X-Sum", "42")
		})
		resp, err := s.client(shop(t)).Get("http://" + host)
		require.NoError(t, err)
		_ = text(t, resp)
		assert.Equal(t, "42", resp.Trailer.Get("X-Sum"))
	})
}

// If this failed, an account whose quota is used up would be asked again and again:
// only the body tells.
func TestAQuotaThatIsUsedUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const body = `{"error": {"code": "insufficient_quota"}}`
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
			_, _ = io.WriteString(w, body)
		})
		sup := shop(t, func(p *policies.Policy) { p.Retry.RetryOn = []string{"http.429"} })
		resp, err := s.client(sup).Get("http://" + host)
		require.NoError(t, err)
		assert.Equal(t, body, text(t, resp))
		assert.Len(t, s.seen(), 1)
	})
}
