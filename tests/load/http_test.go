//go:build unix

package load_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/holdfast-go/holdfast/integrations/httpx"
	"github.com/holdfast-go/holdfast/internal/flaky"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// operationKey carries an operation's number to where its attempts are counted.
type operationKey struct{}

// meter is where attempts leave the program. Each is counted there, and told
// its number to the service.
type meter struct {
	s    *storm
	next http.RoundTripper
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	i := r.Context().Value(operationKey{}).(int)
	n := m.s.ledger.begin(r.Context(), i, m.s.kindOf(i))
	r = r.Clone(r.Context())
	r.Header.Set(flaky.OperationHeader, strconv.Itoa(i))
	r.Header.Set(flaky.AttemptHeader, strconv.Itoa(n))
	return m.next.RoundTrip(r)
}

// answered notes the attempts that an answer under 400 makes a success.
type answered struct{ meter }

func (a *answered) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := a.meter.RoundTrip(r)
	if err == nil && response.StatusCode < 400 {
		a.s.ledger.succeed(r.Context().Value(operationKey{}).(int))
	}
	return response, err
}

// overHTTP sends operations to the service until there are none.
type overHTTP struct {
	s      *storm
	url    string
	client *http.Client // through httpx
	base   *http.Transport
	broken atomic.Int64 // bodies of answers that broke off
}

func newOverHTTP(s *storm, address string) *overHTTP {
	h := &overHTTP{s: s, url: "http://" + address + "/v1/complete", base: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256}}
	h.client = &http.Client{Transport: httpx.NewTransport(s.sup, httpx.WithBase(&answered{meter{s, h.base}}),
		httpx.WithTarget(func(r *http.Request) string { return s.kindOf(r.Context().Value(operationKey{}).(int)).target }))}
	return h
}

func (h *overHTTP) work() {
	for {
		i := int(h.s.nextHTTP.Add(1)) - 1
		if i >= len(h.s.ledger.entries) {
			return
		}
		k := h.s.kindOf(i)
		ctx := context.WithValue(context.Background(), operationKey{}, i)
		if k.target == "http_body" {
			h.s.settle(i, k)(supervisor.DoOn(ctx, h.s.targets[k.target], func(ctx context.Context) (int, error) { return h.read(ctx, i) }))
		} else {
			h.s.settle(i, k)(h.request(ctx, i, k))
		}
		h.s.ended.Add(1)
	}
}

// request goes through httpx: its attempts end with the header of the answer.
func (h *overHTTP) request(ctx context.Context, i int, k *kind) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url, nil)
	if k.once {
		r, err = http.NewRequestWithContext(ctx, http.MethodPost, h.url, strings.NewReader("{}"))
	}
	if err != nil {
		return 0, err
	}
	response, err := h.client.Do(r)
	if err != nil {
		return 0, err
	}
	_, broken := io.Copy(io.Discard, response.Body)
	if errors.Join(broken, response.Body.Close()) != nil {
		h.broken.Add(1)
	}
	if response.StatusCode >= 400 {
		if err = httpx.Err(response); err == nil {
			err = classify.FromResponse(response)
		}
	}
	return i, err
}

// read is a plain function: its attempts are over when the body is.
func (h *overHTTP) read(ctx context.Context, i int) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url, nil)
	if err != nil {
		return 0, err
	}
	response, err := (&meter{h.s, h.base}).RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	if err := classify.FromResponse(response); err != nil {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, err
	}
	h.s.ledger.succeed(i)
	return i, nil
}
