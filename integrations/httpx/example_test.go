package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/holdfast-go/holdfast/integrations/httpx"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// flaky is a server that answers 503 to its first n requests.
func flaky(n int) *httptest.Server {
	requests := 0
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests++
		if requests <= n {
			http.Error(w, "too busy", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintf(w, "%s %q as request %d", r.Method, body, requests)
	}))
}

// get gives the answer's body, or what is wrong.
func get(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(string(body))), err
}

// A client whose requests are repeated, and refused while the service is down.
// Hosts that no target is named after share the target "api".
func ExampleNewTransport() {
	set, err := load.Load(load.Bytes("agent_config.yaml", load.YAML, []byte(`
targets:
  api:
    retry_policy: {max_attempts: 3, min_wait: 0.01, max_wait: 0.02}
    circuit_breaker: {failure_threshold: 5}
`)))
	if err != nil {
		fmt.Println(err)
		return
	}
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())
	service := flaky(7)
	defer service.Close()
	client := &http.Client{Transport: httpx.NewTransport(sup, httpx.WithFallbackTarget("api"))}

	// Three attempts, and none succeeds: the answer is the last one's.
	resp, err := client.Get(service.URL)
	fmt.Println(get(resp, err))
	var exhausted *supervisor.ExhaustedError
	fmt.Println(errors.As(httpx.Err(resp), &exhausted), exhausted.Attempts, exhausted.Reason)

	// Two more, and the breaker opens. After that nothing is sent.
	fmt.Println(get(client.Get(service.URL)))
	_, err = client.Get(service.URL)
	var open *supervisor.OpenError
	fmt.Println(errors.As(err, &open), open.RetryAfter().Seconds() > 59)

	// The service needs two requests more.
	sup.Breaker("api").Reset()
	fmt.Println(get(client.Get(service.URL)))
	// Output:
	// 503 too busy <nil>
	// true 3 max_attempts
	// 503 too busy <nil>
	// true true
	// 200 GET "" as request 8 <nil>
}

// Payments is an SDK, as there are many: it takes an http.Client.
type Payments struct {
	HTTPClient *http.Client
	URL        string
	MaxRetries int
}

// Charge repeats the request by itself, unless it is told not to.
func (p *Payments) Charge(ctx context.Context, order string) (answer string, err error) {
	for range p.MaxRetries + 1 {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, strings.NewReader(order))
		if answer, err = get(p.HTTPClient.Do(req)); err == nil && strings.HasPrefix(answer, "200") {
			break
		}
	}
	return answer, err
}

// An SDK is given the client and told to leave repeating to it. Its POST requests
// get an idempotency key, so that repeating them is safe.
func ExampleNewTransport_sdk() {
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = 0, 0
	set, _ := policies.NewSet(map[string]policies.Policy{"payments": p})
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())
	service := flaky(3)
	defer service.Close()

	sdk := &Payments{
		URL:        service.URL,
		MaxRetries: 0,
		HTTPClient: &http.Client{Transport: httpx.NewTransport(sup,
			httpx.WithTarget(httpx.Named("payments")),
			httpx.WithIdempotencyHeader("Idempotency-Key"))},
	}
	fmt.Println(sdk.Charge(context.Background(), "order 7"))
	// Output: 200 POST "order 7" as request 4 <nil>
}

// A server that sheds load, and spares what is behind it while it is down.
func ExampleMiddleware() {
	p := policies.Default(policies.Worker)
	p.Pool.Workers, p.Pool.MaxPending = 64, 16
	p.Breaker.FailureThreshold = 2
	set, _ := policies.NewSet(map[string]policies.Policy{"checkout": p})
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())

	broken := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the database is gone", http.StatusInternalServerError)
	})
	server := httptest.NewServer(httpx.Middleware(sup, httpx.Named("checkout"))(broken))
	defer server.Close()

	for range 3 {
		resp, err := http.Get(server.URL)
		fmt.Println(get(resp, err))
		fmt.Println("Retry-After:", resp.Header.Get("Retry-After") != "")
	}
	// Output:
	// 500 the database is gone <nil>
	// Retry-After: false
	// 500 the database is gone <nil>
	// Retry-After: false
	// 503 Service Unavailable <nil>
	// Retry-After: true
}

// A handler that calls another service passes a refusal on.
func ExampleWriteRefusal() {
	set, _ := policies.NewSet(nil)
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		quote, err := supervisor.Do(r.Context(), sup, "api", func(context.Context) (string, error) { return "12 degrees", nil })
		switch {
		case httpx.WriteRefusal(w, err):
		case err != nil:
			http.Error(w, "no quote", http.StatusBadGateway)
		default:
			_, _ = io.WriteString(w, quote)
		}
	})

	sup.Breaker("api").ForceOpen()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Println(w.Code, w.Header().Get("Retry-After"))
	// Output: 503 60
}
