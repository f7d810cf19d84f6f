package sdktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// behaviour is what the server does with one request. It reports whether the
// call took effect: whether the model ran.
type behaviour func(w http.ResponseWriter, r *received) (effect bool)

// received is a request as the server saw it.
type received struct {
	path   string
	stream bool
	// sdkRetry is the SDK's own count, "0" for its first attempt.
	sdkRetry string
	gone     <-chan struct{} // closed when the client has left
}

// backend is a model API that misbehaves as it is told to: the first request
// as the first behaviour says, and the last behaviour for all that follow.
type backend struct {
	url string

	mu      sync.Mutex
	script  []behaviour
	got     []*received
	effects int
}

func newBackend(t *testing.T, script ...behaviour) *backend {
	t.Helper()
	b := &backend{script: script}
	server := httptest.NewServer(b)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	b.url = server.URL
	return b
}

func (b *backend) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	var params struct {
		Stream bool `json:"stream"`
	}
	_ = json.Unmarshal(body, &params)
	r := &received{path: req.URL.Path, stream: params.Stream, sdkRetry: req.Header.Get("X-Stainless-Retry-Count"), gone: req.Context().Done()}
	b.mu.Lock()
	b.got = append(b.got, r)
	behave := b.script[0]
	if len(b.script) > 1 {
		b.script = b.script[1:]
	}
	b.mu.Unlock()
	counted := &effectCounter{ResponseWriter: w, b: b}
	if behave(counted, r) {
		counted.effect()
	}
}

// effectCounter counts an effect before the client can know of it.
type effectCounter struct {
	http.ResponseWriter
	b    *backend
	once sync.Once
}

func (c *effectCounter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *effectCounter) effect() {
	c.once.Do(func() {
		c.b.mu.Lock()
		defer c.b.mu.Unlock()
		c.b.effects++
	})
}

func effect(w http.ResponseWriter) { w.(*effectCounter).effect() }

// seen gives how many requests reached the server, how many of them took
// effect, and how many were an SDK's own retries.
func (b *backend) seen() (requests, effects, sdkRetries int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.got {
		if r.sdkRetry != "0" {
			sdkRetries++
		}
	}
	return len(b.got), b.effects, sdkRetries
}

// then changes what comes.
func (b *backend) then(script ...behaviour) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.script = script
}

// answers answers well, as a stream if the request asks for one.
func answers(w http.ResponseWriter, r *received) bool {
	effect(w)
	if r.stream {
		w.Header().Set("Content-Type", "text/event-stream")
		send(w, strings.Join(wellStreamed(r.path), ""))
		return true
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, wellAnswered(r.path))
	return true
}

// says answers with a status and a body, and headers in pairs.
func says(status int, body string, headers ...string) behaviour {
	return func(w http.ResponseWriter, _ *received) bool {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(body, "<") {
			w.Header().Set("Content-Type", "text/html")
		}
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return false
	}
}

// resets does the work and then resets the connection.
func resets(w http.ResponseWriter, _ *received) bool {
	effect(w)
	cut(w)
	return true
}

// breaksOff sends half of an answer, which has taken effect, and resets.
func breaksOff(w http.ResponseWriter, r *received) bool {
	effect(w)
	if r.stream {
		w.Header().Set("Content-Type", "text/event-stream")
		send(w, strings.Join(wellStreamed(r.path)[:tokensFrom(r.path)+2], ""))
	} else {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "4096")
		send(w, wellAnswered(r.path)[:20])
	}
	cut(w)
	return true
}

// streams sends events, the named number of well ones and then others.
func streams(well func(path string) int, then ...string) behaviour {
	return func(w http.ResponseWriter, r *received) bool {
		w.Header().Set("Content-Type", "text/event-stream")
		n := well(r.path)
		if n > tokensFrom(r.path) {
			effect(w)
		}
		send(w, strings.Join(wellStreamed(r.path)[:n], "")+strings.Join(then, ""))
		return n > tokensFrom(r.path)
	}
}

// fallsSilent sends some tokens and then nothing.
func fallsSilent(w http.ResponseWriter, r *received) bool {
	streams(twoTokens)(w, r)
	<-r.gone
	return true
}

// hangs does not answer.
func hangs(w http.ResponseWriter, r *received) bool {
	<-r.gone
	return false
}

func nothing(string) int        { return 0 }
func preludes(path string) int  { return tokensFrom(path) }
func twoTokens(path string) int { return tokensFrom(path) + 2 }

func send(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush()
}

// cut resets the connection without a word.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// The errors as the APIs word them. Each has what either SDK looks for.
const (
	overloaded   = `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`
	internal     = `{"type":"error","error":{"type":"api_error","message":"Internal server error"}}`
	rateLimited  = `{"type":"error","error":{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"Slow down"}}`
	quotaIsUsed  = `{"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"You exceeded your current quota"}}`
	tooMuchText  = `{"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"prompt is too long"}}`
	gatewayError = `<html><body>502 Bad Gateway</body></html>`
)

func errorEvent(body string) string { return "event: error\ndata: " + body + "\n\n" }

// answerText is what every good answer says.
const answerText = "one two three"

func wellAnswered(path string) string {
	switch {
	case strings.HasSuffix(path, "/chat/completions"):
		return `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"` + answerText + `"}}]}`
	case strings.HasSuffix(path, "/responses"):
		return `{"id":"r1","object":"response","created_at":1,"model":"m","status":"completed","error":null,"output":[{"type":"message","id":"m1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"` + answerText + `","annotations":[]}]}]}`
	case strings.HasSuffix(path, "/messages"):
		return `{"id":"m1","type":"message","role":"assistant","model":"m","stop_reason":"end_turn","content":[{"type":"text","text":"` + answerText + `"}],"usage":{"input_tokens":1,"output_tokens":3}}`
	}
	panic("no such path: " + path)
}

// tokensFrom is how many events of a good stream come before its first token.
func tokensFrom(path string) int {
	switch {
	case strings.HasSuffix(path, "/chat/completions"):
		return 0
	case strings.HasSuffix(path, "/responses"):
		return 2
	}
	return 3
}

func wellStreamed(path string) []string {
	var events []string
	words := strings.SplitAfter(answerText, " ")
	switch {
	case strings.HasSuffix(path, "/chat/completions"):
		for _, word := range words {
			events = append(events, fmt.Sprintf(`data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":%q}}]}`+"\n\n", word))
		}
		return append(events, "data: [DONE]\n\n")
	case strings.HasSuffix(path, "/responses"):
		named := func(name, rest string) string {
			return "event: " + name + "\ndata: {\"type\":\"" + name + "\",\"sequence_number\":1" + rest + "}\n\n"
		}
		whole := `,"response":` + wellAnswered(path)
		events = append(events, named("response.created", whole), named("response.in_progress", whole))
		for _, word := range words {
			events = append(events, named("response.output_text.delta", fmt.Sprintf(`,"item_id":"m1","output_index":0,"content_index":0,"delta":%q`, word)))
		}
		return append(events, named("response.completed", whole))
	}
	events = append(events,
		"event: message_start\ndata: "+`{"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}`+"\n\n",
		": a comment\n\n",
		"event: ping\ndata: "+`{"type":"ping"}`+"\n\n",
		"event: content_block_start\ndata: "+`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`+"\n\n")
	for _, word := range words {
		events = append(events, fmt.Sprintf("event: content_block_delta\ndata: "+`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%q}}`+"\n\n", word))
	}
	return append(events, "event: message_stop\ndata: "+`{"type":"message_stop"}`+"\n\n")
}
