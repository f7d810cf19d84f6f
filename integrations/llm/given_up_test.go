package llm

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Broken, an SDK that goes on after its time limit would make the call again,
// three times in all; or another call would be refused in its place.
func TestAnSDKThatGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := behaves(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, context.Cause(req.Context())
		})
		m := Middleware(model(t), "model")
		call := func(body, count string) (*http.Response, error) {
			ctx, cancel := context.WithTimeout(bg, time.Second)
			defer cancel()
			return m(post(ctx, body, retryCountHeader, count), a.next)
		}
		_, err := call("one", "0")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1, a.attempts())

		a.answers = []func(*http.Request) (*http.Response, error){says(200, `{}`)}
		resp, err := call("two", "1") // of another call: something outside failed
		require.NoError(t, err)
		assert.Equal(t, 200, resp.StatusCode)

		resp, err = call("one", "1")
		require.NoError(t, err)
		assert.Equal(t, "retried", resp.Header.Get(RefusalHeader))
		finalAnswer(t, resp)
		assert.ErrorIs(t, Refusal(resp), context.DeadlineExceeded)
		assert.Equal(t, 2, a.attempts())

		resp, err = call("one", "0") // the caller's own new call
		require.NoError(t, err)
		assert.Equal(t, 200, resp.StatusCode)
	})
}

// Broken, calls would be remembered for ever, or without bound.
func TestGivenUpIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var g givenUp
		ctx, cancel := context.WithTimeout(bg, 0)
		defer cancel()
		request := func(n int) (*http.Request, *requestBody) {
			req := post(ctx, fmt.Sprint(n), retryCountHeader, "1")
			body, err := readBody(req)
			require.NoError(t, err)
			return req, body
		}
		for n := range maxGivenUp + 1 {
			req, body := request(n)
			g.add(req, body, errCut)
		}
		assert.Len(t, g.calls, maxGivenUp)
		assert.NoError(t, g.before(request(0)), "the oldest is forgotten")
		assert.ErrorIs(t, g.before(request(1)), errCut)
		assert.NoError(t, g.before(request(1)), "only once")
		<-time.After(givenUpKept + 1)
		assert.NoError(t, g.before(request(2)))
		assert.Empty(t, g.calls)

		left, leave := context.WithCancel(bg)
		leave()
		req, body := request(3)
		g.add(req.WithContext(left), body, errCut)
		assert.Empty(t, g.calls, "a caller who has left does not come back")
	})
}
