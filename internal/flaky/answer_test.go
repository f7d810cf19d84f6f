package flaky

import (
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ask makes a request of a service in a phase, as the first operation that the
// phase has in mind for, and gives the answer and its body.
func ask(t *testing.T, s *Service, p Phase, meant func(Fate) bool) (*http.Response, string, error) {
	t.Helper()
	require.NoError(t, s.Enter(t.Context(), p))
	operation := 1
	for !meant(Decide(p, 1, operation, 1)) {
		operation++
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL(), nil)
	require.NoError(t, err)
	request.Header.Set(OperationHeader, strconv.Itoa(operation))
	request.Header.Set(AttemptHeader, "1")
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	return response, string(body), err
}

// If this failed, what is called a reset would be an ordinary end, and callers
// would not be tried with one.
func TestResettingBreaksOffTheBody(t *testing.T) {
	var executed atomic.Int64
	s, err := Start(Config{Seed: 1, Executed: func(int, int, Fate) { executed.Add(1) }})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	response, body, err := ask(t, s, Resetting, func(f Fate) bool { return f.Reset })
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "O", body)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	assert.EqualValues(t, 1, executed.Load(), "the work was done all the same")

	_, body, err = ask(t, s, Resetting, func(f Fate) bool { return !f.Reset })
	require.NoError(t, err)
	assert.Equal(t, "OK\n", body)
}

// If this failed, slow bodies would not come slowly, or not whole.
func TestDrippingSendsTheWholeBody(t *testing.T) {
	s, err := Start(Config{Seed: 1, Haste: 50})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	_, body, err := ask(t, s, Dripping, func(f Fate) bool { return f.Drip > 0 })
	require.NoError(t, err)
	assert.Equal(t, "OK\n", body)
}

// If this failed, a service in a hurry would dawdle, or one that is not would
// hurry.
func TestHasteDividesTheDelays(t *testing.T) {
	f := Fate{Status: 200, Delay: time.Second, RetryAfter: 2 * time.Second, Drip: 4 * time.Second}
	assert.Equal(t, f, (&Service{}).hurried(f))
	assert.Equal(t, Fate{Status: 200, Delay: time.Second / 4, RetryAfter: time.Second / 2, Drip: time.Second},
		(&Service{config: Config{Haste: 4}}).hurried(f))
}
