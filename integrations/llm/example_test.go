package llm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/holdfast-go/holdfast/integrations/llm"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// quick is a supervisor with a target "openai" that retries without waiting.
func quick() *supervisor.Supervisor {
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = 0, 0
	set, err := policies.NewSet(map[string]policies.Policy{"openai": p})
	if err != nil {
		panic(err)
	}
	sup, err := supervisor.New(set)
	if err != nil {
		panic(err)
	}
	return sup
}

// modelAPI is overloaded twice, the second time in a stream with status 200,
// and then answers.
func modelAPI() *httptest.Server {
	requests := 0
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		switch requests {
		case 1:
			w.WriteHeader(529)
			_, _ = io.WriteString(w, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`)
		case 2:
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: {\"error\":{\"code\":\"server_is_overloaded\",\"message\":\"Try later\"}}\n\n")
		default:
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = fmt.Fprintf(w, "data: {\"text\":\"on request %d\"}\n\ndata: [DONE]\n\n", requests)
		}
	}))
}

// The middleware is given to an SDK's client; here it is called as the SDK
// would call it.
//
//	client := openai.NewClient(option.WithMiddleware(llm.Middleware(sup, "openai")))
//	client := anthropic.NewClient(option.WithMiddleware(llm.Middleware(sup, "anthropic")))
func ExampleMiddleware() {
	sup := quick()
	defer sup.Shutdown(context.Background())
	server := modelAPI()
	defer server.Close()
	middleware := llm.Middleware(sup, "openai")

	req, _ := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(`{"stream":true}`))
	resp, err := middleware(req, http.DefaultClient.Do)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Printf("%s", body)
	fmt.Println("to be repeated by the SDK:", resp.Header.Get("x-should-retry"))
	// Output:
	// data: {"text":"on request 3"}
	//
	// data: [DONE]
	//
	// to be repeated by the SDK: false
}

// sdkError stands for *openai.Error and *anthropic.Error.
type sdkError struct{ Response *http.Response }

func (e *sdkError) Error() string { return e.Response.Status }

// What the SDK returns for an open breaker is its own error for a 503. The
// supervisor's error is found in it.
func ExampleRefusalOf() {
	sup := quick()
	defer sup.Shutdown(context.Background())
	sup.Breaker("openai").ForceOpen()
	middleware := llm.Middleware(sup, "openai")

	req, _ := http.NewRequest(http.MethodPost, "http://model.invalid", nil)
	resp, _ := middleware(req, http.DefaultClient.Do)
	var err error = &sdkError{Response: resp}

	fmt.Println(err, errors.Is(llm.RefusalOf(err), supervisor.ErrOpen), resp.Header.Get(llm.RefusalHeader))
	// Output: 503 Service Unavailable true open
}

// A stream that falls silent amid its tokens is given up.
func ExampleIdleTimeout() {
	sup := quick()
	defer sup.Shutdown(context.Background())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: {\"text\":\"one\"}\n\n")
		_ = http.NewResponseController(w).Flush()
		<-req.Context().Done() // until the client has given up
	}))
	defer server.Close()
	middleware := llm.Middleware(sup, "openai", llm.IdleTimeout(20*time.Millisecond))

	req, _ := http.NewRequest(http.MethodGet, server.URL, nil)
	resp, _ := middleware(req, http.DefaultClient.Do)
	defer resp.Body.Close()
	_, err := io.ReadAll(resp.Body)
	var idle *llm.IdleError
	fmt.Println(errors.As(err, &idle), err)
	// Output: true the model's stream was silent for 20ms
}
