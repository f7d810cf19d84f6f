package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, attempts would come at other times than the policy and the server
// say, or with other bodies and headers than the SDK gave them.
func TestAttempts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := behaves(says(529, overload), says(429, `{"error":{"code":"rate_limit_exceeded"}}`, "Retry-After-Ms", "5500"), says(200, `{"id":1}`))
		resp, err := Middleware(model(t), "model")(post(bg, "the prompt", "X-Stainless-Retry-Count", "0"), a.next)
		require.NoError(t, err)
		assert.Equal(t, 200, resp.StatusCode)
		assert.Equal(t, `{"id":1}`, whole(t, resp))
		finalAnswer(t, resp)
		assert.NoError(t, Refusal(resp))
		assert.Equal(t, []time.Duration{time.Second, 5500 * time.Millisecond}, a.waits())
		assert.Equal(t, []string{"the prompt", "the prompt", "the prompt"}, a.bodies)
		for _, h := range a.headers {
			assert.Equal(t, "0", h.Get("X-Stainless-Retry-Count"))
			assert.Empty(t, h.Get("Idempotency-Key"))
		}
	})
}

// Broken, the SDK would not see what the API said last, or would repeat it.
func TestTheLastAnswerGoesThrough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := behaves(says(529, overload, "Request-Id", "r1", "X-Should-Retry", "true"))
		resp, err := Middleware(model(t), "model")(post(bg, "x"), a.next)
		require.NoError(t, err)
		assert.Equal(t, 3, a.attempts())
		assert.Equal(t, 529, resp.StatusCode)
		assert.Equal(t, "r1", resp.Header.Get("Request-Id"))
		assert.Equal(t, overload, whole(t, resp))
		assert.Equal(t, "exhausted", resp.Header.Get(RefusalHeader))
		finalAnswer(t, resp)
		exhausted, ok := errors.AsType[*supervisor.ExhaustedError](Refusal(resp))
		require.True(t, ok)
		assert.Equal(t, 3, exhausted.Attempts)
		said, ok := errors.AsType[*ProviderError](exhausted)
		require.True(t, ok)
		assert.Equal(t, "overloaded_error", said.Type)
		assert.Same(t, said, exhausted.Err, "wrapped in words that it has itself")
		assert.Equal(t, "POST https://api.example/v1/chat answered 529: "+overload, said.Error())
	})
}

// Broken, calls that no repetition can mend would be made again, or their
// answers be marked as the supervisor's.
func TestAnswersThatAreNotRepeated(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		status int
	}{
		{"the prompt is too long", says(400, `{"error":{"code":"context_length_exceeded"}}`), 400},
		{"no key", says(401, `{"error":{"type":"authentication_error"}}`), 401},
		{"the quota is used up", says(429, `{"error":{"code":"insufficient_quota"}}`), 429},
		{"the server says no", says(500, `{"error":{}}`, "X-Should-Retry", "false"), 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a := behaves(tt.answer)
				sup := model(t, trips(1))
				resp, err := Middleware(sup, "model", Idempotent())(post(bg, "x"), a.next)
				require.NoError(t, err)
				assert.Equal(t, 1, a.attempts())
				assert.Equal(t, tt.status, resp.StatusCode)
				finalAnswer(t, resp)
				assert.NoError(t, Refusal(resp))
				assert.Empty(t, resp.Header.Get(RefusalHeader))
				assert.Equal(t, tt.status >= 500, sup.Breaker("model").Counts().Failures > 0)
			})
		})
	}
}

// Broken, a provider would be asked again before the quota is there again, or
// the SDK would not see the answer that says so.
func TestAQuotaThatIsBackAtAKnownTimeIsAWall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := behaves(says(429, `{"error":{"code":"insufficient_quota"}}`, "Retry-After", "3600"))
		sup := model(t)
		call := Middleware(sup, "model")
		resp, err := call(post(bg, "x"), a.next)
		require.NoError(t, err)
		assert.Equal(t, 429, resp.StatusCode)
		finalAnswer(t, resp)
		exhausted, ok := errors.AsType[*supervisor.ExhaustedError](Refusal(resp))
		require.True(t, ok)
		assert.Equal(t, retry.ExternalWall, exhausted.Reason)

		resp, err = call(post(bg, "x"), a.next)
		require.NoError(t, err)
		assert.Equal(t, 503, resp.StatusCode)
		assert.Equal(t, "3600", resp.Header.Get("Retry-After"))
		require.ErrorIs(t, Refusal(resp), supervisor.ErrOpen)
		assert.Equal(t, 1, a.attempts())
	})
}

// Broken, a call that may have taken effect would be made twice, or one that
// cannot have would not be.
func TestWhatMayHaveTakenEffect(t *testing.T) {
	reset := failing(syscall.ECONNRESET)
	good := says(200, `{}`)
	for _, tt := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		twice  bool // whatever the call
	}{
		{"refused", failing(syscall.ECONNREFUSED), true},
		{"reset", reset, false},
		{"500 of the API", says(500, `{"error":{"type":"server_error","message":"sorry"}}`), true},
		{"500 of who knows", says(500, `oops`), false},
		{"502", says(502, `<html>`), false},
		{"502, the server says yes", says(502, `<html>`, "X-Should-Retry", "true"), true},
		{"503 with a delay", says(503, ``, "Retry-After", "1"), true},
		{"504 of the API", says(504, `{"error":{"type":"timeout_error"}}`), false},
		{"429", says(429, `{}`), true},
		{"a JSON answer that breaks off", func(req *http.Request) (*http.Response, error) {
			resp, _ := sends(`{"id":`, io.ErrUnexpectedEOF)(req)
			resp.Header.Set("Content-Type", "application/json; charset=utf-8")
			return resp, nil
		}, false},
		{"an error event first", sends(overloadSent, nil), true},
		{"a timeout event first", sends("data: {\"error\":{\"type\":\"timeout_error\"}}\n\n", nil), false},
		{"a timeout event first, though the server says yes before", func(req *http.Request) (*http.Response, error) {
			resp, _ := sends("data: {\"error\":{\"type\":\"timeout_error\"}}\n\n", nil)(req)
			resp.Header.Set("X-Should-Retry", "true")
			return resp, nil
		}, false},
		{"a stream that breaks off first", sends(messageStart+ping, errCut), false},
		{"a stream that ends first", sends(": nothing\n\n", nil), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, way := range []string{"plain", "keyed", "idempotent"} {
				bubble(t, func(t *testing.T) {
					a := behaves(tt.answer, good)
					m, req := Middleware(model(t), "model"), post(bg, "x")
					switch way {
					case "keyed":
						req.Header.Set("Idempotency-Key", "k")
					case "idempotent":
						m = Middleware(model(t, retryUnknown), "model", Idempotent())
					}
					resp, err := m(req, a.next)
					require.NoError(t, err)
					_ = resp.Body.Close()
					want := 1
					if tt.twice || way == "idempotent" || way == "keyed" && tt.name != "a stream that breaks off first" {
						want = 2 // errCut is an error nobody knows: only retry_on repeats it
					}
					assert.Equal(t, want, a.attempts(), way)
				})
			}
		})
	}
}

func retryUnknown(p *policies.Policy) { p.Retry.RetryOn = []string{"unknown"} }

// Broken, an SDK would repeat a refusal, or its user not learn what it was.
func TestRefusals(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t)
		a := behaves(failing(syscall.ECONNREFUSED))
		m := Middleware(sup, "model")

		resp, err := m(post(bg, "x"), a.next)
		require.NoError(t, err)
		assert.Equal(t, "exhausted", resp.Header.Get(RefusalHeader))
		assert.ErrorIs(t, Refusal(resp), syscall.ECONNREFUSED)
		assert.NotContains(t, whole(t, resp), "secret")

		resp, err = m(post(bg, "x"), behaves(failing(errCut)).next)
		require.NoError(t, err)
		assert.Equal(t, "failed", resp.Header.Get(RefusalHeader))
		assert.ErrorIs(t, Refusal(resp), errCut)

		sup.Breaker("model").ForceOpenFor(90*time.Second + time.Millisecond)
		resp, err = m(post(bg, "x"), a.next)
		require.NoError(t, err)
		finalAnswer(t, resp)
		assert.Equal(t, 503, resp.StatusCode)
		assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
		assert.Equal(t, "91", resp.Header.Get("Retry-After"))
		assert.Equal(t, "90001", resp.Header.Get("Retry-After-Ms"))
		assert.Equal(t, "open", resp.Header.Get(RefusalHeader))
		assert.ErrorIs(t, Refusal(resp), supervisor.ErrOpen)
		var body struct {
			Type  string `json:"type"`
			Error struct{ Type, Code, Message string }
		}
		require.NoError(t, json.Unmarshal([]byte(whole(t, resp)), &body))
		assert.Equal(t, "error", body.Type)
		assert.Equal(t, "holdfast_open", body.Error.Type)
		assert.Equal(t, "holdfast_open", body.Error.Code)
		assert.Contains(t, body.Error.Message, `"model" is open`)

		resp, err = Middleware(sup, "unheard_of")(post(bg, "x"), a.next)
		require.NoError(t, err)
		assert.Equal(t, "rejected", resp.Header.Get(RefusalHeader))
		assert.ErrorIs(t, Refusal(resp), supervisor.ErrUnknownTarget)
		assert.Equal(t, 3, a.attempts())
	})
}

// An SDK's error keeps the answer in a field of its own.
type sdkError struct{ Response *http.Response }

func (e *sdkError) Error() string { return "the SDK's words" }

// Broken, users could not tell an open breaker from a server's 503.
func TestRefusalOf(t *testing.T) {
	resp := refusal(post(bg, "x"), errCut)
	err := &sdkError{resp}
	assert.Equal(t, errCut, RefusalOf(err))
	assert.Equal(t, errCut, RefusalOf(fmt.Errorf("asking: %w", err)))
	assert.Equal(t, errCut, RefusalOf(errors.Join(errors.New("other"), err)))
	for _, other := range []error{nil, errCut, &sdkError{}, &sdkError{&http.Response{}}, errors.Join(errCut),
		&sdkError{&http.Response{Request: post(bg, "x")}}} {
		assert.NoError(t, RefusalOf(other))
	}
}

// Broken, a caller that leaves would get an answer, wait on, or be counted
// against the model.
func TestTheCallersContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t, trips(1))
		ctx, cancel := context.WithTimeout(bg, 2500*time.Millisecond)
		defer cancel()
		began := time.Now()
		resp, err := Middleware(sup, "model")(post(ctx, "x"), behaves(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			deadline, ok := req.Context().Deadline()
			assert.True(t, ok)
			assert.Equal(t, 2500*time.Millisecond, deadline.Sub(began))
			return nil, req.Context().Err()
		}).next)
		assert.Nil(t, resp)
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, 2500*time.Millisecond, time.Since(began))
		sup.Breaker("model").Reset()

		ctx, leave := context.WithCancel(bg)
		_, err = Middleware(sup, "model")(post(ctx, "x"), behaves(func(req *http.Request) (*http.Response, error) {
			leave()
			<-req.Context().Done()
			return nil, errCut // whatever a transport says then
		}).next)
		assert.Equal(t, context.Canceled, err)
		assert.Zero(t, sup.Breaker("model").Counts().ConsecutiveFailures)
	})
}

// Broken, an upload would be sent in half, twice, or fill memory.
func TestBodiesThatCannotBeRewound(t *testing.T) {
	for _, tt := range []struct {
		size, attempts int
	}{{10, 3}, {maxBuffered, 3}, {maxBuffered + 1, 1}} {
		bubble(t, func(t *testing.T) {
			body := strings.Repeat("x", tt.size)
			req := post(bg, "")
			req.Body, req.GetBody = io.NopCloser(strings.NewReader(body)), nil
			a := behaves(says(429, `{}`))
			resp, err := Middleware(model(t), "model")(req, a.next)
			require.NoError(t, err)
			assert.Equal(t, 429, resp.StatusCode)
			assert.Equal(t, tt.attempts, a.attempts())
			for _, got := range a.bodies {
				assert.True(t, got == body, "%d of %d bytes", len(got), len(body))
			}
		})
	}
	req := post(bg, "")
	req.Body, req.GetBody = io.NopCloser(io.MultiReader(strings.NewReader("x"), &broken{})), nil
	_, err := Middleware(model(t), "model")(req, behaves(says(200, `{}`)).next)
	assert.ErrorIs(t, err, errCut)
}

type broken struct{}

func (*broken) Read([]byte) (int, error) { return 0, errCut }

// Broken, a file or a long JSON answer would be lost, or cut by the end of the
// attempt that fetched it.
func TestOtherAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := Middleware(model(t), "model")
		audio := strings.Repeat("wave", 1<<20)
		resp, err := m(post(bg, "x"), behaves(says(200, audio, "Content-Type", "audio/wav")).next)
		require.NoError(t, err)
		assert.NoError(t, resp.Request.Context().Err())
		assert.True(t, whole(t, resp) == audio)
		assert.Error(t, resp.Request.Context().Err(), "the exchange goes on after its end")

		long := `"` + strings.Repeat("x", maxJSONBody) + `"`
		resp, err = m(post(bg, "x"), behaves(says(200, long)).next)
		require.NoError(t, err)
		assert.NoError(t, resp.Request.Context().Err())
		assert.True(t, whole(t, resp) == long)
		assert.Error(t, resp.Request.Context().Err())

		resp, err = m(post(bg, "x"), behaves(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 204}, nil
		}).next)
		require.NoError(t, err)
		assert.Empty(t, whole(t, resp))
		finalAnswer(t, resp)

		resp, err = m(post(bg, "x"), behaves(func(*http.Request) (*http.Response, error) { return nil, nil }).next)
		require.NoError(t, err)
		assert.ErrorIs(t, Refusal(resp), errNoAnswer)

		resp, err = m(post(bg, "x"), behaves(func(*http.Request) (*http.Response, error) { panic("a middleware's") }).next)
		require.NoError(t, err)
		assert.Equal(t, "exhausted", resp.Header.Get(RefusalHeader))
	})
}
