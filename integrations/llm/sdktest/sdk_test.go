package sdktest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/integrations/llm"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// middleware is of no SDK: that it compiles below shows that both take it.
type middleware = func(*http.Request, func(*http.Request) (*http.Response, error)) (*http.Response, error)

// sdk is one way to call one SDK. A call gives the text, or what came of it.
type sdk struct {
	name string
	call func(ctx context.Context, url string, m middleware, timeout time.Duration) (string, error)
}

// sdks are all of them, each with the SDK's own retries as they are by default:
// two after the first attempt.
var sdks = []sdk{
	{"openai chat, blocking", openaiChat},
	{"openai chat, streaming", openaiChatStream},
	{"openai responses, blocking", openaiResponses},
	{"openai responses, streaming", openaiResponsesStream},
	{"anthropic messages, blocking", anthropicMessages},
	{"anthropic messages, streaming", anthropicMessagesStream},
}

func (s sdk) streams() bool { return s.name[len(s.name)-len("streaming"):] == "streaming" }

// client keeps no connection, so that none of a test is left to the next.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func openaiClient(url string, m middleware, timeout time.Duration) openai.Client {
	options := []openaioption.RequestOption{openaioption.WithBaseURL(url), openaioption.WithAPIKey("key"),
		openaioption.WithHTTPClient(client), openaioption.WithMiddleware(m)}
	if timeout > 0 {
		options = append(options, openaioption.WithRequestTimeout(timeout))
	}
	return openai.NewClient(options...)
}

var chat = openai.ChatCompletionNewParams{Model: "m", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("count")}}

func openaiChat(ctx context.Context, url string, m middleware, timeout time.Duration) (string, error) {
	c := openaiClient(url, m, timeout)
	answer, err := c.Chat.Completions.New(ctx, chat)
	if err != nil {
		return "", err
	}
	return answer.Choices[0].Message.Content, nil
}

func openaiChatStream(ctx context.Context, url string, m middleware, timeout time.Duration) (string, error) {
	c := openaiClient(url, m, timeout)
	stream := c.Chat.Completions.NewStreaming(ctx, chat)
	defer stream.Close()
	var text string
	for stream.Next() {
		text += stream.Current().Choices[0].Delta.Content
	}
	return text, stream.Err()
}

var question = responses.ResponseNewParams{Model: "m", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("count")}}

func openaiResponses(ctx context.Context, url string, m middleware, timeout time.Duration) (string, error) {
	c := openaiClient(url, m, timeout)
	answer, err := c.Responses.New(ctx, question)
	if err != nil {
		return "", err
	}
	return answer.OutputText(), nil
}

func openaiResponsesStream(ctx context.Context, url string, m middleware, timeout time.Duration) (string, error) {
	c := openaiClient(url, m, timeout)
	stream := c.Responses.NewStreaming(ctx, question)
	defer stream.Close()
	var text string
	for stream.Next() {
		if e := stream.Current(); e.Type == "response.output_text.delta" {
			text += e.Delta
		}
	}
	return text, stream.Err()
}

func anthropicClient(url string, m middleware, timeout time.Duration) anthropic.Client {
	options := []anthropicoption.RequestOption{anthropicoption.WithBaseURL(url), anthropicoption.WithAPIKey("key"),
		anthropicoption.WithHTTPClient(client), anthropicoption.WithMiddleware(m)}
	return anthropic.NewClient(options...)
}

var message = anthropic.MessageNewParams{Model: "m", MaxTokens: 16,
	Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("count"))}}

// within is a timeout as an option of one call: one of the client is overruled
// by what the SDK works out for a call that does not stream.
func within(timeout time.Duration) []anthropicoption.RequestOption {
	if timeout == 0 {
		return nil
	}
	return []anthropicoption.RequestOption{anthropicoption.WithRequestTimeout(timeout)}
}

func anthropicMessages(ctx context.Context, url string, m middleware, timeout time.Duration) (string, error) {
	c := anthropicClient(url, m, timeout)
	answer, err := c.Messages.New(ctx, message, within(timeout)...)
	if err != nil {
		return "", err
	}
	return answer.Content[0].Text, nil
}

func anthropicMessagesStream(ctx context.Context, url string, m middleware, timeout time.Duration) (string, error) {
	c := anthropicClient(url, m, timeout)
	stream := c.Messages.NewStreaming(ctx, message, within(timeout)...)
	defer stream.Close()
	var text string
	for stream.Next() {
		if e := stream.Current(); e.Type == "content_block_delta" {
			text += e.Delta.Text
		}
	}
	return text, stream.Err()
}

const maxAttempts = 4

// supervise makes a supervisor with the target "model": four attempts, waits of
// a millisecond, a breaker that opens after the given number of failures.
func supervise(t *testing.T, trips int) *supervisor.Supervisor {
	t.Helper()
	p := policies.Default(policies.API)
	p.Retry.MaxAttempts = maxAttempts
	p.Retry.MinWait, p.Retry.MaxWait = time.Millisecond, 2*time.Millisecond
	p.Breaker.FailureThreshold = trips
	p.Breaker.RecoveryTimeout = 20 * time.Millisecond
	p.Breaker.SuccessThreshold = 1
	set, err := policies.NewSet(map[string]policies.Policy{"model": p})
	require.NoError(t, err)
	sup, err := supervisor.New(set)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, sup.Shutdown(ctx))
	})
	return sup
}

func guard(sup *supervisor.Supervisor, options ...llm.Option) middleware {
	return llm.Middleware(sup, "model", options...)
}
