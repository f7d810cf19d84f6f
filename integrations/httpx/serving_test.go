package httpx

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

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
