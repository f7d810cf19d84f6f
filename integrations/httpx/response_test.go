package httpx

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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

// If this failed, a handler that was left behind could still reach the client.
func TestAResponseThatWasTakenAway(t *testing.T) {
	w := httptest.NewRecorder()
	r := &response{w: w}
	require.True(t, r.begin())
	require.Equal(t, leftBehind, r.leave())
	r.WriteHeader(http.StatusTeapot)
	assert.Equal(t, http.StatusOK, w.Code, "nothing was written")
	assert.Equal(t, withdrawn{}, r.Unwrap())
}

// hijackable is a ResponseWriter whose connection can be had.
type hijackable struct{ http.ResponseWriter }

func (hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

// If this failed, a refusal would be written to a connection that is the handler's.
func TestAHijackedConnectionHasBegun(t *testing.T) {
	r := &response{w: hijackable{httptest.NewRecorder()}}
	require.True(t, r.begin())
	assert.False(t, r.begun())
	_, _, err := r.Hijack()
	require.NoError(t, err)
	assert.True(t, r.begun())
}

// If this failed, handlers that don't make their deadline would count for nobody.
func TestADeadlineIsNotAClientThatLeft(t *testing.T) {
	late := errors.New("too late")
	ctx, cancel := context.WithTimeout(bg, 0)
	defer cancel()
	assert.Same(t, late, unlessGone(ctx, late))
	gone, leave := context.WithCancel(bg)
	leave()
	assert.NotSame(t, late, unlessGone(gone, late))
}
