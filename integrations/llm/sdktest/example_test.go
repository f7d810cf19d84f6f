package sdktest

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"

	"github.com/holdfast-go/holdfast/integrations/llm"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// models is a supervisor with a target for each API.
func models() *supervisor.Supervisor {
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = time.Millisecond, time.Millisecond
	set, err := policies.NewSet(map[string]policies.Policy{"openai": p, "anthropic": p})
	if err != nil {
		panic(err)
	}
	sup, err := supervisor.New(set)
	if err != nil {
		panic(err)
	}
	return sup
}

// The server is overloaded twice before it streams its answer, the second time
// under status 200.
func Example_openai() {
	sup := models()
	defer sup.Shutdown(context.Background())
	api := &backend{script: []behaviour{says(503, overloaded), streams(nothing, errorEvent(overloaded)), answers}}
	server := httptest.NewServer(api)
	defer server.Close()

	client := openai.NewClient(
		openaioption.WithAPIKey("key"),
		openaioption.WithBaseURL(server.URL),
		openaioption.WithMiddleware(llm.Middleware(sup, "openai")),
	)
	stream := client.Chat.Completions.NewStreaming(context.Background(), openai.ChatCompletionNewParams{
		Model:    "gpt-x",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Count to three.")},
	})
	for stream.Next() {
		fmt.Print(stream.Current().Choices[0].Delta.Content)
	}
	requests, _, _ := api.seen()
	fmt.Printf(" (%d requests, error %v)\n", requests, stream.Err())
	// Output: one two three (3 requests, error <nil>)
}

// While the breaker is open no request is made, and the error says so.
func Example_anthropic() {
	sup := models()
	defer sup.Shutdown(context.Background())
	api := &backend{script: []behaviour{says(529, overloaded)}}
	server := httptest.NewServer(api)
	defer server.Close()

	client := anthropic.NewClient(
		anthropicoption.WithAPIKey("key"),
		anthropicoption.WithBaseURL(server.URL),
		anthropicoption.WithMiddleware(llm.Middleware(sup, "anthropic")),
	)
	for range 3 {
		_, err := client.Messages.New(context.Background(), anthropic.MessageNewParams{
			Model:     "claude-x",
			MaxTokens: 100,
			Messages:  []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Count to three."))},
		})
		var api *anthropic.Error
		fmt.Println(errors.As(err, &api), api.StatusCode, errors.Is(llm.RefusalOf(err), supervisor.ErrOpen))
	}
	requests, _, _ := api.seen()
	fmt.Println(requests, "requests")
	// Output:
	// true 529 false
	// true 529 true
	// true 503 true
	// 5 requests
}
