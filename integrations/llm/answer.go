package llm

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
)

const (
	// maxErrorBody is how much of an error answer is read, in bytes. What is
	// beyond it is dropped.
	maxErrorBody = 64 << 10
	// maxJSONBody is how much of a JSON answer is read within the attempt, in
	// bytes. What is beyond it is left to the reader.
	maxJSONBody = 16 << 20
)

// judge says whether an answer is a good one, and makes sure that whoever
// reads it finds all of it. An error ends the exchange.
func (c *call) judge(x *exchange, resp *http.Response) (*http.Response, error) {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		return nil, errorAnswer(resp)
	case resp.Body == nil:
		resp.Body = http.NoBody
		x.release()
		return resp, nil
	case media == "text/event-stream":
		return openStream(x, resp, c.settings.idle)
	case media == "application/json", strings.HasSuffix(media, "+json"):
		return resp, readJSON(x, resp)
	}
	resp.Body = &answerBody{ReadCloser: resp.Body, release: x.release}
	return resp, nil
}

// errorAnswer reads the body, and restores it for the SDK.
func errorAnswer(resp *http.Response) error {
	var body []byte
	if resp.Body != nil {
		// A body that breaks off is still an error answer.
		body, _ = io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		_ = resp.Body.Close()
	}
	return newProviderError(resp, resp.StatusCode, body)
}

// readJSON reads a JSON answer within the attempt, so that one that breaks off
// is a failed attempt: Anthropic's SDK would make the call again otherwise.
func readJSON(x *exchange, resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxJSONBody))
	if err != nil {
		_ = resp.Body.Close()
		return err
	}
	rest := &answerBody{ReadCloser: resp.Body, release: x.release}
	if len(body) < maxJSONBody {
		_ = rest.Close()
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return nil
	}
	resp.Body = joined{io.MultiReader(bytes.NewReader(body), rest), rest}
	return nil
}

// answerBody ends the exchange when it has been read or is closed.
type answerBody struct {
	io.ReadCloser
	release func()
	once    sync.Once
}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.once.Do(b.release)
	}
	return n, err
}

func (b *answerBody) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(b.release)
	return err
}
