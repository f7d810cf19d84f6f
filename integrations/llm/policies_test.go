package llm

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, attempt_timeout would cut a stream that has begun in time, or not
// bound the wait for the first token.
func TestAttemptTimeoutIsForTheFirstToken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t, func(p *policies.Policy) { p.Retry.AttemptTimeout = 5 * time.Second })
		m := Middleware(sup, "model", Idempotent())
		silent, s := newStream(), newStream()
		a := behaves(silent.answer, s.answer)
		ch := open(m, post(bg, "x"), a)
		virtualtime.Pass(10 * time.Second) // the first is over after 5 s, the second begins after 6 s
		assert.Equal(t, []time.Duration{6 * time.Second}, a.waits())
		virtualtime.Soon(t, silent.closed, "the stream that did not begin")
		write(s, delta)
		o := virtualtime.Soon(t, ch, "the answer")
		require.NoError(t, o.err)
		assert.Equal(t, 10*time.Second, o.at)
		go func() {
			<-time.After(time.Minute)
			_, _ = io.WriteString(s.w, done)
			_ = s.w.Close()
		}()
		assert.Equal(t, delta+done, whole(t, o.resp))
	})
}

// Broken, the error of an attempt that took too long would not be known as such.
func TestAttemptTimeoutOfACallThatMayNotBeRepeated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t, func(p *policies.Policy) { p.Retry.AttemptTimeout = 5 * time.Second })
		o := virtualtime.Soon(t, open(Middleware(sup, "model"), post(bg, "x"), behaves(newStream().answer)), "the answer")
		require.NoError(t, o.err)
		assert.Equal(t, 5*time.Second, o.at)
		var timeout *supervisor.AttemptTimeoutError
		assert.ErrorAs(t, Refusal(o.resp), &timeout)
	})
}

// Broken, the slower of two attempts would keep its connection, or be counted.
func TestHedgedStreams(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t, func(p *policies.Policy) { p.Hedge.Delay = 2 * time.Second })
		slow, quick := newStream(), newStream()
		a := behaves(slow.answer, quick.answer)
		ch := open(Middleware(sup, "model", Idempotent()), post(bg, "x"), a)
		virtualtime.Pass(3 * time.Second)
		assert.Equal(t, 2, a.attempts())
		write(quick, delta)
		o := virtualtime.Soon(t, ch, "the answer")
		require.NoError(t, o.err)
		assert.Equal(t, 3*time.Second, o.at)
		virtualtime.Soon(t, slow.closed, "the slower stream")
		go func() {
			_, _ = io.WriteString(quick.w, done)
			_ = quick.w.Close()
		}()
		assert.Equal(t, delta+done, whole(t, o.resp))
		counts := sup.Breaker("model").Counts()
		assert.EqualValues(t, 1, counts.Successes)
		assert.Zero(t, counts.Failures)
	})
}

// Broken, a hedge of an upload that can be sent once would fail the call.
func TestHedgedUploads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t, trips(1), func(p *policies.Policy) { p.Hedge.Delay = 2 * time.Second })
		req := post(bg, "")
		req.Body, req.GetBody = io.NopCloser(strings.NewReader(strings.Repeat("x", maxBuffered+1))), nil
		a := behaves(func(req *http.Request) (*http.Response, error) {
			<-time.After(5 * time.Second)
			return says(200, `{}`)(req)
		})
		o := virtualtime.Soon(t, open(Middleware(sup, "model", Idempotent()), req, a), "the answer")
		require.NoError(t, o.err)
		assert.Equal(t, 200, o.resp.StatusCode, "%v", Refusal(o.resp))
		assert.Equal(t, 5*time.Second, o.at)
		assert.Equal(t, 1, a.attempts())
	})
}

// Broken, a pause that the API asks for would not hold for other callers.
func TestARateLimitPausesTheTarget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t)
		m := Middleware(sup, "model")
		limited := behaves(says(http.StatusTooManyRequests, `{"error":{"code":"rate_limit_exceeded"}}`, "Retry-After", "20"), says(200, `{}`))
		first := open(m, post(bg, "x"), limited)
		virtualtime.Pass(time.Second)
		second := virtualtime.Soon(t, open(m, post(bg, "x"), behaves(says(200, `{}`))), "the second caller")
		require.NoError(t, second.err)
		assert.Equal(t, 200, virtualtime.Soon(t, first, "the first caller").resp.StatusCode)
		assert.Equal(t, []time.Duration{20 * time.Second}, limited.waits())
		assert.Equal(t, 19*time.Second, second.at)
	})
}
