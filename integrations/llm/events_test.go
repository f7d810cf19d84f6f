package llm

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// passed gives the events of a stream that comes in pieces.
func passed(pieces ...string) (all []event) {
	var e events
	for _, p := range pieces {
		e.feed([]byte(p), func(e event) {
			all = append(all, event{e.name, []byte(string(e.data)), e.cut})
		})
	}
	return all
}

func named(name, data string) event { return event{name: name, data: []byte(data)} }

// Broken, events would be missed, and with them errors and first tokens.
func TestEvents(t *testing.T) {
	long := strings.Repeat("x", 2*maxEvent)
	for _, tt := range []struct {
		text string
		want []event
	}{
		{"", nil},
		{"data: a\n\n", []event{named("", "a")}},
		{"data:a\r\n\r\n", []event{named("", "a")}},
		{"data: a\r\rdata: b\r\r", []event{named("", "a"), named("", "b")}},
		{"event: e\ndata: a\n\ndata: b\n\n", []event{named("e", "a"), named("", "b")}},
		{"data: a\ndata:  b\n\n", []event{named("", "a\n b")}},
		{"data\n\n", []event{named("", "")}},
		{"event: e\n\n", []event{named("e", "")}},
		{": a comment\n\n\n\nid: 1\nretry: 3\n\n", nil},
		{"data: never ended\n", nil},
		{"\xef\xbb\xbfdata: a\n\n", []event{named("", "a")}},
		{"data: " + long + "\n\ndata: b\n\n", []event{{data: []byte(long[:maxEvent-len("data: ")]), cut: true}, named("", "b")}},
		{strings.Repeat("data: "+long[:maxEvent/2]+"\n", 3) + "\n", []event{{data: []byte(long[:maxEvent/2] + "\n" + long[:maxEvent/2-1]), cut: true}}},
	} {
		assert.Equal(t, tt.want, passed(tt.text), "%.60q", tt.text)
	}
}

// Broken, what an event is would depend on how the network cuts the bytes.
func TestEventsInAnyPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{
			"\n", "\r", "\r\n", "data: a", "data:", "event: e", ": c", ":", "id", "x",
		})).Draw(t, "text"), "")
		var pieces []string
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		assert.Equal(t, passed(text), passed(pieces...))
		assert.Equal(t, naive(text), passed(text))
	})
}

// naive is a second reader of event streams, written to be plain.
func naive(text string) (all []event) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(text, "\n")
	var name string
	var data []string
	for _, line := range lines[:len(lines)-1] {
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if data != nil || name != "" {
				all = append(all, named(name, strings.Join(data, "\n")))
			}
			name, data = "", nil
		case field == "event":
			name = value
		case field == "data":
			data = append(data, value)
		}
	}
	return all
}

// Broken, an error would be shown as an answer, or an answer that speaks of
// errors be taken for one.
func TestMeanings(t *testing.T) {
	for _, tt := range []struct {
		event event
		want  kind
	}{
		{named("ping", `{"type":"ping"}`), prelude},
		{named("", `{"type":"ping"}`), prelude},
		{named("message_start", `{"type":"message_start","message":{}}`), prelude},
		{named("", `{"type":"response.created","response":{"error":null}}`), prelude},
		{named("", ""), prelude},
		{named("", `{"choices":[{"delta":{"content":"{\"error\":1}"}}]}`), content},
		{named("", `{"choices":[],"error":null}`), content},
		{named("content_block_delta", `{"type":"content_block_delta","delta":{"text":"an \"error\""}}`), content},
		{named("", `not JSON`), content},
		{event{data: []byte(`{"error":{"mess`), cut: true}, content},
		{named("", " [DONE]"), complete},
		{named("message_stop", `{"type":"message_stop"}`), complete},
		{named("", `{"type":"message_stop"}`), complete},
		{named("response.completed", `{"type":"response.completed","response":{"error":null}}`), complete},
		{named("error", overload), failure},
		{named("error", "not JSON"), failure},
		{named("", overload), failure},
		{named("", `{"error":"loading the model"}`), failure},
		{named("chunk", `{"error":{"code":502}}`), failure},
		{named("", `{"type":"error","code":"server_error","message":"m"}`), failure},
		{named("response.failed", `{"type":"response.failed","response":{"error":{"code":"server_error"}}}`), failure},
	} {
		assert.Equal(t, tt.want, meaningOf(tt.event), "%s %s", tt.event.name, tt.event.data)
	}
}

// Broken, an error event would be retried, or counted, as another than it is.
func TestErrorObjects(t *testing.T) {
	for _, tt := range []struct {
		body   string
		want   said
		status int
	}{
		{overload, said{"overloaded_error", "", "Overloaded"}, 529},
		{`{"error":{"message":"m","type":"server_error","code":null,"param":null}}`, said{"server_error", "", "m"}, 500},
		{`{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}`, said{"insufficient_quota", "insufficient_quota", "m"}, 429},
		{`{"error":{"message":"m","type":"tokens","code":"rate_limit_exceeded"}}`, said{"tokens", "rate_limit_exceeded", "m"}, 429},
		{`{"error":{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}}`, said{"invalid_request_error", "context_length_exceeded", "m"}, 400},
		{`{"type":"error","error":{"type":"api_error","message":"m"}}`, said{"api_error", "", "m"}, 500},
		{`{"error":{"message":"m","code":502}}`, said{"", "502", "m"}, 502},
		{`{"error":{"message":"m","code":7}}`, said{"", "7", "m"}, 500},
		{`{"error":"m"}`, said{"", "", "m"}, 500},
		{`{"type":"error","code":"server_error","message":"m"}`, said{"", "server_error", "m"}, 500},
		{`{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"m"}}}`, said{"", "rate_limit_exceeded", "m"}, 429},
		{`{"error":null}`, said{}, 500},
		{`{"message":"m"}`, said{}, 500},
		{`<html>`, said{}, 500},
		{``, said{}, 500},
	} {
		got := readError([]byte(tt.body))
		assert.Equal(t, tt.want, got, tt.body)
		assert.Equal(t, tt.status, got.status(), tt.body)
	}
}
