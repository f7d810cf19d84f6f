package httpx

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If this failed, a body would be sent twice in two halves, or a request lost
// that could have been repeated.
func TestABodyThatCannotBeRewound(t *testing.T) {
	const goods = "two socks"
	never, again := []string{goods}, []string{goods, goods}
	for name, c := range map[string]struct {
		buffer int64
		length int64
		edit   func(*policies.Policy)
		bodies []string
	}{
		"is sent once": {bodies: never},
		"whatever the policy says": {bodies: never, edit: func(p *policies.Policy) {
			p.Retry.RetryOn, p.Retry.Idempotent = []string{"http.500"}, policies.IdempotentYes
		}},
		"unless it is kept":      {buffer: 100, bodies: again},
		"however great":          {buffer: math.MaxInt64, bodies: again},
		"as it just can":         {buffer: int64(len(goods)), bodies: again},
		"and just can't":         {buffer: int64(len(goods)) - 1, bodies: never},
		"of a known length":      {buffer: 100, length: int64(len(goods)), bodies: again},
		"known to be too great":  {buffer: 8, length: int64(len(goods)), bodies: never},
		"kept, and unlike empty": {buffer: 1, bodies: never},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := serve(t, status(500))
				edit := c.edit
				if edit == nil {
					edit = func(*policies.Policy) {}
				}
				req, body := streamed(t, "PUT", goods)
				req.ContentLength = c.length
				resp, err := s.client(shop(t, edit), WithBufferedBodies(c.buffer)).Do(req)
				require.NoError(t, err)
				_ = text(t, resp)
				assert.Equal(t, c.bodies, s.bodies())
				assert.EqualValues(t, 1, body.closings.Load())
				if len(c.bodies) == 1 {
					assert.Equal(t, 500, resp.StatusCode)
					assert.ErrorContains(t, Err(resp), "500 Internal Server Error: Internal Server Error (not repeated, its body was sent")
					assert.Zero(t, time.Since(s.began), "nobody waits for an attempt that can't be")
				}
			})
		})
	}
}

// If this failed, a body that broke off here would count against the server, or be
// sent as if it were whole.
func TestABodyThatCannotBeRead(t *testing.T) {
	broken := errors.New("the disk is broken")
	bubble(t, func(t *testing.T) {
		s := serve(t)
		sup := shop(t, trips(1))
		req, body := streamed(t, "PUT", "")
		body.Reader = io.MultiReader(strings.NewReader("two"), readError{broken})
		_, err := s.client(sup, WithBufferedBodies(100)).Do(req)
		assert.ErrorIs(t, err, broken)
		assert.EqualValues(t, 1, body.closings.Load())
		assert.Empty(t, s.seen())
		assert.Zero(t, sup.Breaker(host).Counts().Failures)
	})
	bubble(t, func(t *testing.T) {
		s := serve(t, status(500))
		req := newRequest(t, "PUT", "two socks")
		req.GetBody = func() (io.ReadCloser, error) { return nil, broken }
		_, err := s.client(shop(t)).Do(req)
		assert.ErrorIs(t, err, broken, "the last attempt got no answer")
		assert.Len(t, s.seen(), 1)
	})
}

type readError struct{ error }

func (e readError) Read([]byte) (int, error) { return 0, e.error }

// If this failed, an error that nobody knows would no longer count once a body was
// sent, or the caller's own cancellation would read like a fault of the request's.
func TestTheErrorOfABodyThatWasSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			_, _ = io.ReadAll(r.Body)
			return nil, errors.Join(errors.New("malformed"), r.Body.Close())
		})
		sup := shop(t, trips(1))
		req, _ := streamed(t, "PUT", "two socks")
		_, err := (&http.Client{Transport: NewTransport(sup, WithBase(base))}).Do(req)
		assert.ErrorContains(t, err, "malformed (not repeated, its body was sent and cannot be sent again: give the request a GetBody, or use WithBufferedBodies)")
		assert.Equal(t, breaker.Open, sup.Breaker(host).State())
	})
	bubble(t, func(t *testing.T) {
		s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithCancel(bg)
		time.AfterFunc(time.Second, cancel)
		req, _ := streamed(t, "PUT", "two socks")
		_, err := s.client(shop(t)).Do(req.WithContext(ctx))
		assert.EqualError(t, err, `Put "http://shop.test/cart": context canceled`)
	})
}

// If this failed, the base could read or close a body that another attempt has.
func TestAnEarlierAttemptHasLostTheBody(t *testing.T) {
	body := &stream{Reader: strings.NewReader("two socks")}
	var u upload
	u.init(&http.Request{Body: body}, 0)
	first, _, err := u.open()
	require.NoError(t, err)
	require.True(t, u.retake(), "nothing was read")
	second, _, err := u.open()
	require.NoError(t, err)

	_, err = first.Read(make([]byte, 3))
	assert.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	assert.NoError(t, first.Close())
	assert.Zero(t, body.closings.Load())

	data, err := io.ReadAll(second)
	assert.NoError(t, err)
	assert.Equal(t, "two socks", string(data))
	assert.False(t, u.retake())
	_, _, err = u.open()
	assert.ErrorIs(t, err, errBodySpent)
	u.end()
	assert.Zero(t, body.closings.Load(), "it is still being sent")
	assert.NoError(t, second.Close())
	assert.NoError(t, second.Close())
	assert.EqualValues(t, 1, body.closings.Load())
}

// If this failed, there would be an order of events in which a body is sent in
// pieces, sent twice without having been rewound, or not closed exactly once.
func TestABodyInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const goods = "abcdefgh"
		body := &stream{Reader: strings.NewReader(goods)}
		req := &http.Request{Body: body, ContentLength: rapid.SampledFrom([]int64{0, 8}).Draw(t, "length")}
		rewindable := rapid.Bool().Draw(t, "rewindable")
		var copies []*stream
		if rewindable {
			req.GetBody = func() (io.ReadCloser, error) {
				copies = append(copies, &stream{Reader: strings.NewReader(goods)})
				return copies[len(copies)-1], nil
			}
		}
		limit := rapid.SampledFrom([]int64{0, 7, 8, 9}).Draw(t, "limit")
		var u upload
		u.init(req, limit)

		type hold struct {
			body io.ReadCloser
			got  bytes.Buffer
		}
		var holds []*hold
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			step := rapid.SampledFrom([]string{"open", "read", "close", "retake"}).Draw(t, "step")
			if step == "open" {
				b, _, err := u.open()
				if err == nil {
					holds = append(holds, &hold{body: b})
				} else if rewindable || limit >= 8 || !errors.Is(err, errBodySpent) {
					t.Fatalf("no body: %v", err)
				}
				continue
			}
			if step == "retake" {
				u.retake()
				continue
			}
			if len(holds) == 0 {
				continue
			}
			h := rapid.SampledFrom(holds).Draw(t, "hold")
			if step == "close" {
				_ = h.body.Close()
				continue
			}
			part := make([]byte, rapid.IntRange(1, 9).Draw(t, "size"))
			n, _ := h.body.Read(part)
			h.got.Write(part[:n])
		}
		u.end()
		begun := 0
		for _, h := range holds {
			_ = h.body.Close() // as every RoundTripper does in the end
			if !strings.HasPrefix(goods, h.got.String()) {
				t.Fatalf("an attempt sent %q", h.got.String())
			}
			if h.got.Len() > 0 {
				begun++
			}
		}
		if begun > 1 && !rewindable && limit < 8 {
			t.Fatal("two attempts sent it")
		}
		if n := body.closings.Load(); n == 0 || n > 1 && !rewindable {
			t.Fatalf("closed %d times", n)
		}
	})
}

// If this failed, net/http could not rewind a kept body either, when a connection
// that it used again turns out to be closed.
func TestAKeptBodyCanBeRewoundBelow(t *testing.T) {
	var got atomic.Pointer[http.Request]
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		got.Store(r)
		return &http.Response{StatusCode: 200, Body: http.NoBody}, r.Body.Close()
	})
	sup := shop(t)
	req, _ := streamed(t, "PUT", "two socks")
	_, err := NewTransport(sup, WithBase(base), WithBufferedBodies(10)).RoundTrip(req)
	require.NoError(t, err)
	body, err := got.Load().GetBody()
	require.NoError(t, err)
	data, _ := io.ReadAll(body)
	assert.Equal(t, "two socks", string(data))
	assert.Nil(t, req.GetBody, "the caller's request is not touched")
}
