package llm

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

type stateless struct{}

func (stateless) Handle(context.Context, any) (any, error) { return nil, nil }
func (stateless) Close() error                             { return nil }

// Broken, an answer that comes when its caller has gone would keep its
// connection for ever: a target with stateful workers frees callers at once.
func TestAnAttemptThatIsLeftBehind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		set, err := policies.NewSet(map[string]policies.Policy{"model": policies.Default(policies.API)})
		require.NoError(t, err)
		sup, err := supervisor.New(set, supervisor.WithWorker("model", func(context.Context) (actors.Worker, error) { return stateless{}, nil }))
		require.NoError(t, err)
		defer sup.Shutdown(bg)
		m := Middleware(sup, "model")

		ctx, leave := context.WithTimeout(bg, time.Second)
		defer leave()
		closed := make(chan struct{})
		o := virtualtime.Soon(t, open(m, post(ctx, "x"), behaves(func(req *http.Request) (*http.Response, error) {
			<-time.After(5 * time.Second) // deaf to its context
			resp, err := says(200, "late", "Content-Type", "audio/wav")(req)
			resp.Body = &closing{ReadCloser: resp.Body, then: func() { close(closed) }}
			return resp, err
		})), "the caller")
		assert.Equal(t, context.DeadlineExceeded, o.err)
		assert.Equal(t, time.Second, o.at)
		virtualtime.Soon(t, closed, "closing")
		assert.Equal(t, 5*time.Second, time.Since(timeOf(ctx).Add(-time.Second)))

		o = virtualtime.Soon(t, open(m, post(bg, "x"), behaves(sends(delta, io.ErrUnexpectedEOF))), "a stream")
		require.NoError(t, o.err)
		_, err = io.ReadAll(o.resp.Body)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.EqualValues(t, 1, onlyTarget(t, sup).LateFailures)
	})
}

func timeOf(ctx context.Context) time.Time {
	deadline, _ := ctx.Deadline()
	return deadline
}
