package llm

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// kind is what an event means to the operation that opened the stream.
type kind uint8

const (
	prelude  kind = iota // nothing of the answer yet
	content              // a part of the answer
	complete             // the answer's end
	failure              // the API says that it has failed
)

// preludes are the events that come before anything of the answer: of
// Anthropic's Messages API and OpenAI's Responses API.
var preludes = map[string]bool{
	"ping": true, "message_start": true,
	"response.created": true, "response.queued": true, "response.in_progress": true,
}

var completes = map[string]bool{"message_stop": true, "response.completed": true, "response.incomplete": true}

var failures = map[string]bool{"error": true, "response.failed": true}

// doneMark is the data of the last event of OpenAI's Chat Completions API.
const doneMark = "[DONE]"

// meaningOf reads an event. Its data is only parsed where it can matter: an
// event without a name may have its type within, and an error may be in one of
// any name.
func meaningOf(e event) kind {
	data := bytes.TrimSpace(e.data)
	if string(data) == doneMark {
		return complete
	}
	name := e.name
	mayMatter := bytes.Contains(data, []byte(`"error"`)) || name == "" && bytes.Contains(data, []byte(`"type"`))
	if !e.cut && mayMatter {
		var object payload
		if json.Unmarshal(data, &object) == nil {
			if name == "" {
				name = object.Type
			}
			if present(object.Error) {
				return failure
			}
		}
	}
	switch {
	case failures[name]:
		return failure
	case completes[name]:
		return complete
	case preludes[name], len(data) == 0:
		return prelude
	}
	return content
}

// payload is the part of an error body, or of an event, that is about an error:
//
//	{"error": {"message", "type", "code"}}                    OpenAI
//	{"type": "error", "error": {"type", "message"}}           Anthropic
//	{"type": "error", "code", "message"}                      OpenAI Responses
//	{"type": "response.failed", "response": {"error": {...}}} OpenAI Responses
//	{"error": "text"}                                         other servers
type payload struct {
	Type     string          `json:"type"`
	Code     json.RawMessage `json:"code"`
	Message  string          `json:"message"`
	Error    json.RawMessage `json:"error"`
	Response struct {
		Error json.RawMessage `json:"error"`
	} `json:"response"`
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// said is what an error object says of itself.
type said struct{ kind, code, message string }

// readError finds the error object of an error body or event; all is empty if
// there is none.
func readError(data []byte) said {
	var object payload
	if json.Unmarshal(data, &object) != nil {
		return said{}
	}
	raw := object.Error
	if !present(raw) {
		raw = object.Response.Error
	}
	if !present(raw) {
		if failures[object.Type] {
			return said{"", text(object.Code), object.Message}
		}
		return said{}
	}
	var inner payload
	if json.Unmarshal(raw, &inner) != nil {
		return said{message: text(raw)}
	}
	return said{inner.Type, text(inner.Code), inner.Message}
}

// text is a JSON string's value, or a number as it is written.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if !present(raw) {
		return ""
	}
	return string(raw)
}

// statuses are the HTTP statuses that error codes and types stand for, by the
// error pages of Anthropic's and OpenAI's references.
var statuses = map[string]int{
	"invalid_request_error":   http.StatusBadRequest,
	"context_length_exceeded": http.StatusBadRequest,
	"invalid_prompt":          http.StatusBadRequest,
	"authentication_error":    http.StatusUnauthorized,
	"billing_error":           http.StatusPaymentRequired,
	"permission_error":        http.StatusForbidden,
	"not_found_error":         http.StatusNotFound,
	"request_too_large":       http.StatusRequestEntityTooLarge,
	"rate_limit_error":        http.StatusTooManyRequests,
	"rate_limit_exceeded":     http.StatusTooManyRequests,
	"insufficient_quota":      http.StatusTooManyRequests,
	"server_is_overloaded":    http.StatusServiceUnavailable,
	"slow_down":               http.StatusServiceUnavailable,
	"timeout_error":           http.StatusGatewayTimeout,
	"overloaded_error":        statusOverloaded,
}

// statusOverloaded is Anthropic's own.
const statusOverloaded = 529

// status is the HTTP status that an error event stands for: 500 for one that
// says nothing known.
func (s said) status() int {
	for _, word := range []string{s.code, s.kind} {
		if status, ok := statuses[word]; ok {
			return status
		}
		if n, err := strconv.Atoi(word); err == nil && n >= 400 && n <= 599 {
			return n
		}
	}
	return http.StatusInternalServerError
}
