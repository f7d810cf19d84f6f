package llm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/leaks"
	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

func TestMain(m *testing.M) { leaks.Main(m) }

var bg = context.Background()

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	virtualtime.Run(t, f)
}

// model makes a supervisor with a target "model": three attempts, waits of 1 s
// and 2 s exactly, a breaker that never trips.
func model(t testing.TB, edits ...func(*policies.Policy)) *supervisor.Supervisor {
	t.Helper()
	p := policies.Default(policies.API)
	p.Retry.MaxAttempts = 3
	p.Retry.MinWait, p.Retry.MaxWait = time.Second, 8*time.Second
	p.Retry.Jitter = policies.JitterNone
	p.Breaker.FailureThreshold = policies.Never
	for _, edit := range edits {
		edit(&p)
	}
	set, err := policies.NewSet(map[string]policies.Policy{"model": p})
	require.NoError(t, err)
	sup, err := supervisor.New(set)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sup.Shutdown(bg)) })
	return sup
}

func trips(n int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.FailureThreshold = n }
}

// api is what stands behind the middleware: an answer for each attempt, the
// last one for all that follow.
type api struct {
	mu      sync.Mutex
	answers []func(*http.Request) (*http.Response, error)
	at      []time.Time
	bodies  []string
	headers []http.Header
}

func (a *api) next(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	a.mu.Lock()
	a.at = append(a.at, time.Now())
	a.bodies = append(a.bodies, body)
	a.headers = append(a.headers, req.Header)
	answer := a.answers[0]
	if len(a.answers) > 1 {
		a.answers = a.answers[1:]
	}
	a.mu.Unlock()
	return answer(req)
}

func (a *api) attempts() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.at)
}

// waits are the times between the attempts.
func (a *api) waits() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	var waits []time.Duration
	for i := 1; i < len(a.at); i++ {
		waits = append(waits, a.at[i].Sub(a.at[i-1]))
	}
	return waits
}

func behaves(answers ...func(*http.Request) (*http.Response, error)) *api {
	return &api{answers: answers}
}

// says is an answer with a status, a body and headers in pairs.
func says(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Request: req, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func failing(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// streams is a stream that a test writes to. It heeds the request's context,
// as net/http's do.
type streams struct {
	w      *io.PipeWriter
	closed chan struct{} // when the middleware has closed it
}

func newStream() *streams { return &streams{closed: make(chan struct{})} }

func (s *streams) answer(req *http.Request) (*http.Response, error) {
	r, w := io.Pipe()
	s.w = w
	stop := context.AfterFunc(req.Context(), func() { _ = w.CloseWithError(context.Cause(req.Context())) })
	body := &closing{ReadCloser: r, then: func() {
		stop()
		close(s.closed)
	}}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream; charset=utf-8"}}, Request: req, Body: body}, nil
}

type closing struct {
	io.ReadCloser
	once sync.Once
	then func()
}

func (c *closing) Close() error {
	c.once.Do(c.then)
	return c.ReadCloser.Close()
}

// sends is a whole stream, which ends with err, nil for its proper end.
func sends(text string, err error) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		s := newStream()
		resp, _ := s.answer(req)
		go func() {
			_, _ = io.WriteString(s.w, text)
			_ = s.w.CloseWithError(err)
		}()
		return resp, nil
	}
}

func post(ctx context.Context, body string, headers ...string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.example/v1/chat?key=secret", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

// whole reads an answer to its end.
func whole(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return string(body)
}

const (
	delta        = `data: {"choices":[{"delta":{"content":"one"}}]}` + "\n\n"
	done         = "data: [DONE]\n\n"
	messageStart = "event: message_start\ndata: {\"type\":\"message_start\"}\n\n"
	ping         = "event: ping\ndata: {\"type\":\"ping\"}\n\n"
	overload     = `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`
	overloadSent = "event: error\ndata: " + overload + "\n\n"
)

var errCut = errors.New("the line was cut")

func onlyTarget(t *testing.T, sup *supervisor.Supervisor) supervisor.TargetSnapshot {
	t.Helper()
	targets := sup.Snapshot().Targets
	require.Len(t, targets, 1)
	return targets[0]
}

func finalAnswer(t *testing.T, resp *http.Response) {
	t.Helper()
	assert.Equal(t, "false", resp.Header.Get("x-should-retry"), "an SDK would repeat this")
}
