package httpx

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

var bg = context.Background()

const host = "shop.test"

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	virtualtime.Run(t, f)
}

func pass(d time.Duration) { virtualtime.Pass(d) }

// policy is easy to count with: three attempts, waits of 1 s and 2 s exactly, and
// a breaker that never trips by itself.
func policy(edits ...func(*policies.Policy)) policies.Policy {
	p := policies.Default(policies.API)
	p.Retry.MaxAttempts = 3
	p.Retry.MinWait, p.Retry.MaxWait = time.Second, 8*time.Second
	p.Retry.Jitter = policies.JitterNone
	p.Breaker.FailureThreshold = policies.Never
	p.Breaker.RecoveryTimeout = 30 * time.Second
	p.Breaker.RecoveryJitter = 0
	p.Breaker.SuccessThreshold = 1
	for _, edit := range edits {
		edit(&p)
	}
	return p
}

func trips(after int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.FailureThreshold = after }
}

func pool(workers, pending int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Pool.Workers, p.Pool.MaxPending = workers, pending }
}

type targets = map[string]policies.Policy

func supervise(t *testing.T, all targets, options ...supervisor.Option) *supervisor.Supervisor {
	t.Helper()
	set, err := policies.NewSet(all)
	require.NoError(t, err)
	sup, err := supervisor.New(set, options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sup.Shutdown(bg)) })
	return sup
}

// shop supervises the target that the host's requests go to.
func shop(t *testing.T, edits ...func(*policies.Policy)) *supervisor.Supervisor {
	t.Helper()
	return supervise(t, targets{host: policy(edits...)})
}

// memory is a network in memory, so that time on it is virtual. It is a listener.
type memory struct {
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
	dials   atomic.Int64
	refuses atomic.Int64 // that many dials more
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

func (m *memory) Addr() net.Addr { return address{} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	m.dials.Add(1)
	if m.refuses.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	}
	client, server := net.Pipe()
	select {
	case m.conns <- server:
		return client, nil
	case <-m.closed:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type address struct{}

func (address) Network() string { return "memory" }
func (address) String() string  { return host }

// request is what the service saw of one.
type request struct {
	method, body string
	header       http.Header
	at           time.Duration // since the service began
}

// service is a real server that answers its n-th request by the n-th handler, and
// with 200 and "ok" after them.
type service struct {
	*memory
	base  *http.Transport
	began time.Time

	mu       sync.Mutex
	requests []request
}

func serve(t *testing.T, handlers ...http.HandlerFunc) *service {
	t.Helper()
	s := listen(t, nil)
	s.handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, request{r.Method, string(body), r.Header.Clone(), time.Since(s.began)})
		n := len(s.requests)
		s.mu.Unlock()
		if n <= len(handlers) {
			handlers[n-1](w, r)
			return
		}
		_, _ = io.WriteString(w, "ok")
	}))
	return s
}

// listen is a service with a handler of its own, or none yet.
func listen(t *testing.T, handler http.Handler) *service {
	t.Helper()
	m := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	s := &service{memory: m, began: time.Now(), base: &http.Transport{DialContext: m.dial}}
	if handler != nil {
		s.handle(t, handler)
	}
	return s
}

func (s *service) handle(t *testing.T, handler http.Handler) {
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(s.memory)
	}()
	t.Cleanup(func() {
		s.base.CloseIdleConnections()
		require.NoError(t, server.Close())
		<-ended
	})
}

// seen is what came in so far.
func (s *service) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

func (s *service) times() []time.Duration {
	var all []time.Duration
	for _, r := range s.seen() {
		all = append(all, r.at)
	}
	return all
}

func (s *service) bodies() []string {
	var all []string
	for _, r := range s.seen() {
		all = append(all, r.body)
	}
	return all
}

// client calls the service through sup.
func (s *service) client(sup *supervisor.Supervisor, options ...Option) *http.Client {
	return &http.Client{Transport: NewTransport(sup, append([]Option{WithBase(s.base)}, options...)...)}
}

// status answers with a status, its text, and headers given as name, value.
func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, http.StatusText(code))
	}
}

// hangUp closes the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func repeated(h http.HandlerFunc, n int) []http.HandlerFunc {
	var all []http.HandlerFunc
	for range n {
		all = append(all, h)
	}
	return all
}

func newRequest(t *testing.T, method, body string) *http.Request {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, "http://"+host+"/cart?user=secret", r)
	require.NoError(t, err)
	return req
}

// text reads a body to its end and closes it.
func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return string(data)
}

// stream is a body that can't be rewound, and counts its closings.
type stream struct {
	io.Reader
	closings atomic.Int64
}

func (s *stream) Close() error {
	s.closings.Add(1)
	return nil
}

// streamed is a request with such a body.
func streamed(t *testing.T, method, body string) (*http.Request, *stream) {
	t.Helper()
	s := &stream{Reader: strings.NewReader(body)}
	req, err := http.NewRequest(method, "http://"+host+"/cart", s)
	require.NoError(t, err)
	require.Nil(t, req.GetBody)
	return req, s
}

// roundTripper is a function as one.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
