package sdktest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/integrations/llm"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

const both, onlyBlocking, onlyStreaming = "", "blocking", "streaming"

// cases are the ways in which the server misbehaves. requests is how many may
// reach it with one call. Every call not said to be idempotent takes effect at
// most once.
var cases = []struct {
	name     string
	script   []behaviour
	only     string
	options  []llm.Option
	requests int
	text     string // what the caller has in the end
	fails    bool
	status   int // of the SDK's own error, 0 to not look
	refused  string
}{
	{name: "all is well", script: []behaviour{answers}, requests: 1, text: answerText},
	{name: "429 with retry-after-ms, twice", requests: 3, text: answerText,
		script: []behaviour{says(429, rateLimited, "Retry-After-Ms", "1"), says(429, rateLimited, "Retry-After-Ms", "1"), answers}},
	{name: "429, the quota is used up", requests: 1, fails: true, status: 429,
		script: []behaviour{says(429, quotaIsUsed, "X-Should-Retry", "true"), answers}},
	{name: "529, twice", requests: 3, text: answerText,
		script: []behaviour{says(529, overloaded), says(529, overloaded), answers}},
	{name: "500 of the API, three times", requests: 4, text: answerText,
		script: []behaviour{says(500, internal), says(500, internal), says(500, internal), answers}},
	{name: "500 of the API, for ever", requests: 4, fails: true, status: 500, refused: "max_attempts",
		script: []behaviour{says(500, internal)}},
	{name: "500, the server says no", requests: 1, fails: true, status: 500,
		script: []behaviour{says(500, internal, "X-Should-Retry", "false"), answers}},
	{name: "400, the prompt is too long", requests: 1, fails: true, status: 400,
		script: []behaviour{says(400, tooMuchText), answers}},
	{name: "502 of a gateway", requests: 1, fails: true, refused: "not_idempotent",
		script: []behaviour{says(502, gatewayError), answers}, status: 502},
	{name: "502 of a gateway, idempotent", requests: 2, text: answerText,
		script: []behaviour{says(502, gatewayError), answers}, options: []llm.Option{llm.Idempotent()}},
	{name: "a reset after the request", requests: 1, fails: true, status: 503, refused: "not_idempotent",
		script: []behaviour{resets, answers}},
	{name: "a reset after the request, idempotent", requests: 2, text: answerText,
		script: []behaviour{resets, answers}, options: []llm.Option{llm.Idempotent()}},
	{name: "an answer breaks off", only: onlyBlocking, requests: 1, fails: true, status: 503, refused: "not_idempotent",
		script: []behaviour{breaksOff, answers}},
	{name: "an answer breaks off, idempotent", only: onlyBlocking, requests: 2, text: answerText,
		script: []behaviour{breaksOff, answers}, options: []llm.Option{llm.Idempotent()}},
	{name: "200, then an error as the first event", only: onlyStreaming, requests: 2, text: answerText,
		script: []behaviour{streams(nothing, errorEvent(overloaded)), answers}},
	{name: "200, then an error after the prelude", only: onlyStreaming, requests: 2, text: answerText,
		script: []behaviour{streams(preludes, errorEvent(internal)), answers}},
	{name: "200, then an error as the first event, for ever", only: onlyStreaming, requests: 4, fails: true, refused: "max_attempts",
		script: []behaviour{streams(nothing, errorEvent(overloaded))}},
	{name: "200, then nothing", only: onlyStreaming, requests: 1, fails: true, status: 503, refused: "not_idempotent",
		script: []behaviour{streams(nothing), answers}},
	{name: "an error amid the tokens", only: onlyStreaming, requests: 1, fails: true, text: "some",
		script: []behaviour{streams(twoTokens, errorEvent(overloaded)), answers}},
	{name: "a reset amid the tokens", only: onlyStreaming, requests: 1, fails: true, text: "some",
		script: []behaviour{breaksOff, answers}, options: []llm.Option{llm.Idempotent()}},
	{name: "silence amid the tokens", only: onlyStreaming, requests: 1, fails: true, text: "some",
		script: []behaviour{fallsSilent, answers}, options: []llm.Option{llm.IdleTimeout(50 * time.Millisecond)}},
}

// Broken, a call would reach the server more often than the policy allows,
// because an SDK repeats what Holdfast has given up; or be repeated after it
// took effect; or fail though another attempt would have gone well.
func TestOneCall(t *testing.T) {
	for _, tt := range cases {
		for _, s := range sdks {
			if tt.only != both && s.streams() != (tt.only == onlyStreaming) {
				continue
			}
			t.Run(tt.name+"/"+s.name, func(t *testing.T) {
				server := newBackend(t, tt.script...)
				sup := supervise(t, policies.Never)
				text, err := s.call(context.Background(), server.url, guard(sup, tt.options...), 0)
				requests, effects, sdkRetries := server.seen()
				t.Logf("%-48s %-30s %d requests, %d took effect, %d retries by the SDK", tt.name, s.name, requests, effects, sdkRetries)
				assert.Equal(t, tt.requests, requests, "requests that reached the server")
				assert.Zero(t, sdkRetries, "retries of the SDK's own")
				if len(tt.options) == 0 {
					assert.LessOrEqual(t, effects, 1, "a call that is not idempotent took effect twice")
				}
				switch {
				case !tt.fails:
					assert.NoError(t, err)
					assert.Equal(t, tt.text, text)
				case tt.text != "":
					assert.Error(t, err)
					assert.NotEmpty(t, text, "the tokens from before")
				default:
					assert.Error(t, err)
				}
				if tt.status != 0 {
					assert.Equal(t, tt.status, statusOf(err), "%v", err)
				}
				if inStream := new(ssestream.StreamError); errors.As(err, &inStream) {
					return // openai's error of a stream has no answer to ask
				}
				var exhausted *supervisor.ExhaustedError
				if errors.As(llm.RefusalOf(err), &exhausted) {
					assert.Equal(t, tt.refused, string(exhausted.Reason))
				} else {
					assert.Empty(t, tt.refused, "%v", llm.RefusalOf(err))
				}
			})
		}
	}
}

func statusOf(err error) int {
	var o *openai.Error
	if errors.As(err, &o) {
		return o.StatusCode
	}
	var a *anthropic.Error
	if errors.As(err, &a) {
		return a.StatusCode
	}
	return 0
}
