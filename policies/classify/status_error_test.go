package classify

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Broken, a server's answer would lose its status, delay or body on the way
// into an error, or an error would show secrets.
func TestFromResponseOfARealServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "4")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "over\n  loaded")
	}))
	defer server.Close()
	u, err := url.Parse(server.URL + "/v1/chat?key=secret#part")
	require.NoError(t, err)
	u.User = url.UserPassword("me", "secret")

	resp, err := server.Client().Post(u.String(), "text/plain", nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	got := FromResponse(resp)

	var status *StatusError
	require.ErrorAs(t, got, &status)
	assert.Equal(t, "POST", status.Method)
	assert.Equal(t, server.URL+"/v1/chat", status.URL)
	assert.Equal(t, 503, status.StatusCode)
	assert.Equal(t, "over\n  loaded", string(status.Body))
	assert.EqualError(t, got, "POST "+server.URL+"/v1/chat answered 503 Service Unavailable: over loaded")
	v := verdictOf(got)
	assert.Equal(t, 4*time.Second, v.Delay)
	assert.True(t, v.Retryable)
	assert.True(t, v.Unsafe)
}

// Broken, good answers would become errors, or sparse ones would crash.
func TestFromResponse(t *testing.T) {
	assert.NoError(t, FromResponse(nil))
	for _, status := range []int{100, 200, 204, 304, 399} {
		assert.NoError(t, FromResponse(&http.Response{StatusCode: status}))
	}
	assert.EqualError(t, FromResponse(&http.Response{StatusCode: 529}), "answered 529")
	assert.EqualError(t, FromResponse(&http.Response{StatusCode: 404, Request: &http.Request{}}), "GET answered 404 Not Found")
}

type closeable struct {
	io.Reader
	closed bool
}

func (c *closeable) Close() error { c.closed = true; return nil }

// Broken, a huge answer would fill memory, a cut one would be lost, or the
// caller's body would be closed twice.
func TestFromResponseReadsABoundedBody(t *testing.T) {
	body := &closeable{Reader: strings.NewReader(strings.Repeat("x", 3*maxBody))}
	var status *StatusError
	require.ErrorAs(t, FromResponse(&http.Response{StatusCode: 500, Body: body}), &status)
	assert.Len(t, status.Body, maxBody)
	assert.False(t, body.closed)
	assert.Less(t, len(status.Error()), 2*maxExcerpt)
	assert.True(t, strings.HasSuffix(status.Error(), "x..."))

	cut := io.NopCloser(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("cut"))))
	require.ErrorAs(t, FromResponse(&http.Response{StatusCode: 500, Body: cut}), &status)
	assert.Equal(t, "half", string(status.Body))
}
