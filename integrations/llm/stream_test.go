package llm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// opened is what a middleware returned, and when.
type opened struct {
	resp *http.Response
	err  error
	at   time.Duration
}

func open(m func(*http.Request, func(*http.Request) (*http.Response, error)) (*http.Response, error), req *http.Request, a *api) <-chan opened {
	began := time.Now()
	ch := make(chan opened, 1)
	go func() {
		resp, err := m(req, a.next)
		ch <- opened{resp, err, time.Since(began)}
	}()
	return ch
}

// read reads once.
func read(t *testing.T, resp *http.Response) (string, error) {
	t.Helper()
	p := make([]byte, 1<<10)
	n, err := resp.Body.Read(p)
	return string(p[:n]), err
}

// write sends, and does not wait until it is read.
func write(s *streams, text string) {
	go func() { _, _ = io.WriteString(s.w, text) }()
	synctest.Wait()
}

// Broken, the attempt would end before the first token, so that a failure there
// could not be repeated; or tokens would be lost or come late.
func TestAStreamBeginsWithItsFirstToken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStream()
		ch := open(Middleware(model(t), "model"), post(bg, "x"), behaves(s.answer))
		synctest.Wait()
		write(s, ": a comment\n\n"+messageStart)
		virtualtime.Pass(7 * time.Second)
		write(s, ping)
		virtualtime.Pass(3 * time.Second)
		assert.Empty(t, ch, "it has not begun")
		write(s, delta[:10])
		virtualtime.Pass(time.Second)
		write(s, delta[10:])
		o := virtualtime.Soon(t, ch, "the answer")
		require.NoError(t, o.err)
		assert.Equal(t, 11*time.Second, o.at)
		finalAnswer(t, o.resp)
		got, err := read(t, o.resp)
		require.NoError(t, err)
		assert.Equal(t, ": a comment\n\n"+messageStart+ping+delta, got)
		write(s, delta)
		got, err = read(t, o.resp)
		require.NoError(t, err)
		assert.Equal(t, delta, got)
		go func() {
			_, _ = io.WriteString(s.w, done)
			_ = s.w.Close()
		}()
		assert.Equal(t, done, whole(t, o.resp))
		virtualtime.Soon(t, s.closed, "closing")
	})
}

// Broken, an overload that arrives with status 200 would reach the caller, who
// has seen nothing yet.
func TestAnErrorBeforeTheFirstTokenIsRepeated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := behaves(sends(overloadSent, nil), sends(messageStart+overloadSent, nil), sends(messageStart+delta+done, nil))
		sup := model(t)
		resp, err := Middleware(sup, "model")(post(bg, "x"), a.next)
		require.NoError(t, err)
		assert.Equal(t, messageStart+delta+done, whole(t, resp))
		assert.Equal(t, []time.Duration{time.Second, 2 * time.Second}, a.waits())
		counts := sup.Breaker("model").Counts()
		assert.EqualValues(t, 2, counts.Failures)
		assert.EqualValues(t, 1, counts.Successes)

		a = behaves(sends(messageStart+overloadSent, nil))
		resp, err = Middleware(sup, "model")(post(bg, "x"), a.next)
		require.NoError(t, err)
		assert.Equal(t, 3, a.attempts())
		assert.Equal(t, 200, resp.StatusCode)
		assert.Equal(t, messageStart+overloadSent, whole(t, resp), "what the SDK reads")
		finalAnswer(t, resp)
		said, ok := errors.AsType[*ProviderError](Refusal(resp))
		require.True(t, ok)
		assert.True(t, said.InStream)
		assert.Equal(t, "POST https://api.example/v1/chat reported an error in its stream: overloaded_error: Overloaded", said.Error())
	})
}

// Broken, nobody but the reader would know of a stream that fails amid its
// tokens, or of who is to blame.
func TestTheBreakerHearsOfTheEnd(t *testing.T) {
	for _, tt := range []struct {
		name      string
		text      string
		end       error
		condition string // of the late failure, empty for none
		successes uint64
	}{
		{"well", messageStart + delta + done, nil, "", 1},
		{"well, then cut", delta + done, errCut, "", 1},
		{"without an end of its own", delta, nil, "", 1},
		{"cut", delta, io.ErrUnexpectedEOF, "io.unexpected_eof", 0},
		{"overloaded", messageStart + delta + overloadSent, nil, "http.529", 0},
		{"throttled", delta + "data: {\"error\":{\"code\":\"rate_limit_exceeded\"}}\n\n", nil, "http.429", 0},
		{"response.failed", delta + "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"server_error\"}}}\n\n", nil, "http.500", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := model(t)
				var late []actors.LateFailure
				sup.Subscribe(func(e actors.Event) {
					if e, ok := e.(actors.LateFailure); ok {
						late = append(late, e)
					}
				})
				a := behaves(sends(tt.text, tt.end))
				resp, err := Middleware(sup, "model", Idempotent())(post(bg, "x"), a.next)
				require.NoError(t, err)
				got, err := io.ReadAll(resp.Body)
				assert.Equal(t, tt.text, string(got))
				assert.ErrorIs(t, err, tt.end)
				_, again := resp.Body.Read(make([]byte, 1))
				assert.Error(t, again)
				require.NoError(t, resp.Body.Close())
				synctest.Wait()
				assert.Equal(t, 1, a.attempts())
				assert.Equal(t, tt.successes, sup.Breaker("model").Counts().Successes)
				if tt.condition == "" {
					assert.Empty(t, late)
					return
				}
				require.Len(t, late, 1)
				assert.Equal(t, tt.condition, late[0].Condition)
			})
		})
	}
}

// Broken, broken streams would never open the breaker, as each begins well.
func TestBrokenStreamsOpenTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t, trips(3))
		m := Middleware(sup, "model")
		for range 3 {
			assert.Equal(t, breaker.Closed, sup.Breaker("model").State())
			resp, err := m(post(bg, "x"), behaves(sends(delta+overloadSent, nil)).next)
			require.NoError(t, err)
			assert.Equal(t, delta+overloadSent, whole(t, resp))
		}
		assert.Equal(t, breaker.Open, sup.Breaker("model").State())
		assert.EqualValues(t, 3, onlyTarget(t, sup).LateFailures)
	})
}

// Broken, a reader who has enough, or a caller whose time is over, would count
// against the model; or the connection would stay.
func TestReadersWhoLeave(t *testing.T) {
	for _, way := range []string{"close", "cancel", "deadline"} {
		t.Run(way, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := model(t, trips(1))
				ctx, leave := context.WithCancel(bg)
				if way == "deadline" {
					ctx, leave = context.WithTimeout(bg, 4*time.Second)
				}
				defer leave()
				s := newStream()
				ch := open(Middleware(sup, "model"), post(ctx, "x"), behaves(s.answer))
				synctest.Wait()
				write(s, delta)
				o := virtualtime.Soon(t, ch, "the answer")
				_, err := read(t, o.resp)
				require.NoError(t, err)
				switch way {
				case "close":
					require.NoError(t, o.resp.Body.Close())
					_, err = read(t, o.resp)
					assert.Error(t, err)
				case "cancel":
					leave()
					_, err = read(t, o.resp)
					assert.Equal(t, context.Canceled, err)
				case "deadline":
					_, err = read(t, o.resp)
					assert.Equal(t, context.DeadlineExceeded, err)
				}
				virtualtime.Soon(t, s.closed, "closing")
				assert.Error(t, o.resp.Request.Context().Err())
				counts := sup.Breaker("model").Counts()
				assert.Zero(t, counts.Failures)
				assert.Zero(t, counts.Successes)
				assert.Zero(t, counts.Ignored, "the breaker is told of what is nobody's outcome")
			})
		})
	}
}

// Broken, a stream that hangs would keep its reader for ever, or one that
// thinks or whose reader is slow would be cut.
func TestIdleTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t, trips(1))
		s := newStream()
		ch := open(Middleware(sup, "model", IdleTimeout(10*time.Second)), post(bg, "x"), behaves(s.answer))
		virtualtime.Pass(9 * time.Second)
		write(s, ping)
		virtualtime.Pass(9 * time.Second)
		write(s, delta)
		o := virtualtime.Soon(t, ch, "the answer")
		require.NoError(t, o.err)
		assert.Equal(t, 18*time.Second, o.at)

		virtualtime.Pass(time.Minute) // nobody reads
		_, err := read(t, o.resp)
		require.NoError(t, err)
		go func() {
			<-time.After(9 * time.Second)
			_, _ = io.WriteString(s.w, ping)
		}()
		_, err = read(t, o.resp)
		require.NoError(t, err)
		began := time.Now()
		_, err = read(t, o.resp)
		var idle *IdleError
		require.ErrorAs(t, err, &idle)
		assert.Equal(t, 10*time.Second, idle.Idle)
		assert.Equal(t, 10*time.Second, time.Since(began))
		assert.Equal(t, breaker.Open, sup.Breaker("model").State())
		virtualtime.Soon(t, s.closed, "closing")
	})
}

// Broken, a stream that never begins would hang, or be repeated though it may
// have cost its tokens.
func TestIdleBeforeTheFirstToken(t *testing.T) {
	for _, idempotent := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			s := newStream()
			a := behaves(s.answer, sends(delta+done, nil))
			options := []Option{IdleTimeout(10 * time.Second), nil}
			if idempotent {
				options = append(options, Idempotent())
			}
			o := virtualtime.Soon(t, open(Middleware(model(t), "model", options...), post(bg, "x"), a), "the answer")
			require.NoError(t, o.err)
			if idempotent {
				assert.Equal(t, 11*time.Second, o.at)
				assert.Equal(t, delta+done, whole(t, o.resp))
				return
			}
			assert.Equal(t, 10*time.Second, o.at)
			var idle *IdleError
			assert.ErrorAs(t, Refusal(o.resp), &idle)
		})
	}
}

// Broken, a prelude without end would fill memory.
func TestAnEndlessPreludeIsABeginning(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStream()
		ch := open(Middleware(model(t), "model"), post(bg, "x"), behaves(s.answer))
		synctest.Wait()
		piece := strings.Repeat(": nothing\n", 1<<10)
		for sent := 0; sent < maxHeldBack; sent += len(piece) {
			go func() { _, _ = io.WriteString(s.w, piece) }()
			synctest.Wait()
		}
		o := virtualtime.Soon(t, ch, "the answer")
		require.NoError(t, o.err)
		require.NoError(t, o.resp.Body.Close())
	})
}

// Broken, the end of an attempt would cut the stream that it has opened, or an
// attempt that is over would hand out a stream.
func TestTheExchangeOutlivesItsAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		type key struct{}
		caller, leave := context.WithCancel(bg)
		attempt, end := context.WithCancel(context.WithValue(caller, key{}, "kept"))
		x := newExchange(attempt, caller)
		assert.Equal(t, "kept", x.ctx.Value(key{}))
		assert.True(t, x.outlive(attempt))
		end()
		synctest.Wait()
		assert.NoError(t, x.ctx.Err())
		leave()
		synctest.Wait()
		assert.Error(t, x.ctx.Err())

		caller, leave = context.WithCancel(bg)
		defer leave()
		attempt, end = context.WithCancel(caller)
		x = newExchange(attempt, caller)
		end()
		synctest.Wait()
		assert.Error(t, x.ctx.Err())
		assert.False(t, x.outlive(attempt))
		x.release()
		x.release()
	})
}

// watchedContext counts who waits for its end.
type watchedContext struct {
	context.Context
	watchers int
}

func (c *watchedContext) Done() <-chan struct{} { return make(chan struct{}) }
func (c *watchedContext) AfterFunc(func()) (stop func() bool) {
	c.watchers++
	stopped := false
	return func() bool {
		if stopped {
			return false
		}
		stopped = true
		c.watchers--
		return true
	}
}

// Broken, a caller with a context that lives long would gather what its calls
// have left on it.
func TestTheExchangeLeavesNothingOnItsContexts(t *testing.T) {
	attempt, caller := &watchedContext{Context: bg}, &watchedContext{Context: bg}
	x := newExchange(attempt, caller)
	assert.Equal(t, 1, attempt.watchers)
	assert.Equal(t, 1, caller.watchers)
	assert.True(t, x.outlive(attempt))
	assert.Zero(t, attempt.watchers)
	x.release()
	assert.Zero(t, caller.watchers)
}

// Broken, the answer of an attempt that came late would keep its connection.
func TestAnswersThatNobodyTakes(t *testing.T) {
	var a answers
	closed := map[int]bool{}
	answer := func(n int) *http.Response {
		return &http.Response{Body: &closing{ReadCloser: io.NopCloser(strings.NewReader("")), then: func() { closed[n] = true }}}
	}
	first, second := answer(1), answer(2)
	assert.True(t, a.add(first))
	assert.True(t, a.add(second))
	a.close(second)
	assert.Equal(t, map[int]bool{1: true}, closed)
	assert.False(t, a.add(answer(3)), "nobody would close it")
}

// Broken, the supervisor's own options would not reach the calls.
func TestCallOptions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := model(t)
		sup.Breaker("model").ForceOpenFor(30 * time.Second)
		m := Middleware(sup, "model", WithCallOptions(supervisor.ParkWhenOpen()))
		o := virtualtime.Soon(t, open(m, post(bg, "x", "Idempotency-Key", "k"), behaves(says(200, `{}`))), "the answer")
		require.NoError(t, o.err)
		assert.Equal(t, 30*time.Second, o.at)
	})
}
