package llm

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// understood is an event and what it was taken for.
type understood struct {
	name, data string
	cut        bool
	kind       kind
}

func understand(t *testing.T, pieces ...string) (all []understood) {
	t.Helper()
	var e events
	for _, piece := range pieces {
		e.feed([]byte(piece), func(e event) {
			k := meaningOf(e)
			all = append(all, understood{e.name, string(e.data), e.cut, k})
			if k == failure {
				status := readError(e.data).status()
				require.True(t, status >= 400 && status <= 599, "%d is no error", status)
			}
		})
		require.LessOrEqual(t, len(e.line), maxEvent, "it grows")
		require.LessOrEqual(t, len(e.data), maxEvent, "it grows")
	}
	return all
}

// Broken, a hostile stream could crash a program or grow in memory, or what a
// stream says would depend on how the network cut it up.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{delta + done, messageStart + ping + overloadSent, "data", "event:e\rdata:{\"error\":1}\r\n\r\n",
		"data: a\ndata: b\n\n\n\ndata\n\n", ":comment\n\nid: 1\nevent: ping\n\n", "\xef\xbb\xbfdata: {}\r\r", "data:" + strings.Repeat("x", maxEvent+1) + "\n\ndata: y\n\n"} {
		f.Add(seed, 3, 7)
	}
	f.Fuzz(func(t *testing.T, text string, a, b int) {
		a = max(0, min(a, len(text)))
		b = max(a, min(b, len(text)))
		whole := understand(t, text)
		require.Equal(t, whole, understand(t, text[:a], text[a:b], text[b:]))
		if len(text) < 1000 {
			require.Equal(t, whole, understand(t, strings.Split(text, "")...))
		}
		for _, e := range whole {
			require.False(t, strings.ContainsAny(e.name, "\r\n"), "%q", e.name)
			require.True(t, e.cut || len(e.data) <= len(text))
		}
	})
}

// Broken, an error that an API reports would be taken for another, or for none.
func FuzzReadError(f *testing.F) {
	for _, seed := range []string{`{"error":{"type":"overloaded_error","message":"m"}}`, `{"type":"error","code":429,"message":"m"}`,
		`{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded"}}}`, `{"error":"text"}`, `{"error":[]}`, `{"error":null,"type":"error"}`,
		`<html>`, ``, `{"error":{"code":"599"}}`, `{"error":{"code":-1}}`, `[1]`, `{"error":{"type":5}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := readError(body)
		status := s.status()
		require.True(t, status >= 400 && status <= 599, "%d is no error", status)
		if !json.Valid(body) {
			require.Zero(t, s, "read out of what is no JSON")
			return
		}
		spaced := new(bytes.Buffer)
		require.NoError(t, json.Indent(spaced, body, " ", "\t"))
		again := readError(spaced.Bytes())
		if !strings.ContainsAny(s.message+s.code, "[{") { // else white space is part of what is quoted
			require.Equal(t, s, again, "white space changes what it says")
		}
		require.Equal(t, status, again.status())
		wrapped, err := json.Marshal(map[string]json.RawMessage{"response": body})
		require.NoError(t, err)
		var object struct{ Error json.RawMessage }
		if json.Unmarshal(body, &object) == nil && bytes.HasPrefix(bytes.TrimSpace(object.Error), []byte("{")) {
			require.Equal(t, s.status(), readError(wrapped).status(), "an error in a response is that error")
		}
	})
}
