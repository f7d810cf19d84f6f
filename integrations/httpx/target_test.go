package httpx

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// answers200 is a base that needs no network.
var answers200 = roundTripper(func(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
})

// If this failed, requests would share a breaker with those of another service, or
// be guarded by none.
func TestTheTargetOfARequest(t *testing.T) {
	byPath := func(r *http.Request) string { return r.URL.Path[1:] }
	for name, c := range map[string]struct {
		url     string
		options []Option
		target  string // "" for an error
	}{
		"the host":                       {url: "http://shop.test/", target: "shop.test"},
		"in lower case":                  {url: "http://Shop.TEST/", target: "shop.test"},
		"without its port":               {url: "http://shop.test:8080/", target: "shop.test"},
		"with its port, where named":     {url: "http://shop.test:8443/", target: "shop.test:8443"},
		"and that in lower case":         {url: "http://Shop.test:8443/", target: "shop.test:8443"},
		"an address":                     {url: "http://[::1]:80/", target: "::1"},
		"none":                           {url: "http://other.test/"},
		"none, but one to fall back on":  {url: "http://other.test/", options: []Option{WithFallbackTarget("api")}, target: "api"},
		"one, and one to fall back on":   {url: "http://shop.test/", options: []Option{WithFallbackTarget("api")}, target: "shop.test"},
		"picked":                         {url: "http://other.test/storage", options: []Option{WithTarget(byPath)}, target: "storage"},
		"picked, and there is not":       {url: "http://other.test/shed", options: []Option{WithTarget(byPath)}},
		"picked, and then the other":     {url: "http://other.test/shed", options: []Option{WithTarget(byPath), WithFallbackTarget("api")}, target: "api"},
		"picked none":                    {url: "http://other.test/", options: []Option{WithTarget(byPath), WithFallbackTarget("api")}, target: "api"},
		"always the same":                {url: "http://other.test/", options: []Option{WithTarget(Named("worker"))}, target: "worker"},
		"the one to fall back on is not": {url: "http://other.test/", options: []Option{WithFallbackTarget("apy")}},
	} {
		t.Run(name, func(t *testing.T) {
			sup := supervise(t, targets{"shop.test": policy(), "shop.test:8443": policy(), "::1": policy()})
			tr := NewTransport(sup, append(c.options, WithBase(answers200), nil)...)
			req, body := streamed(t, "PUT", "two socks")
			other, err := http.NewRequest("PUT", c.url, nil)
			require.NoError(t, err)
			req.URL = other.URL
			_, err = tr.RoundTrip(req)
			if c.target == "" {
				assert.ErrorIs(t, err, supervisor.ErrUnknownTarget)
				assert.ErrorContains(t, err, `no target for a request to "other.test"`)
				assert.NotContains(t, err.Error(), "is empty", "it says which")
				assert.EqualValues(t, 1, body.closings.Load())
				return
			}
			require.NoError(t, err)
			for _, snap := range sup.Snapshot().Targets {
				assert.Equal(t, c.target, snap.Name, "no other target has run")
				assert.EqualValues(t, 1, snap.Succeeded)
			}
		})
	}
}

// If this failed, a host that a new configuration names would share the fallback's
// breaker until the program is started again.
func TestATargetThatIsAddedLater(t *testing.T) {
	sup := supervise(t, nil)
	client := &http.Client{Transport: NewTransport(sup, WithBase(answers200), WithFallbackTarget("api"))}
	assert.False(t, sup.Has(host))
	_, err := client.Get("http://" + host)
	require.NoError(t, err)

	set, err := load.Load(load.Bytes("here", load.JSON, []byte(`{"targets": {"shop.test": {"type": "storage"}}}`)))
	require.NoError(t, err)
	require.NoError(t, sup.Apply(set))
	assert.True(t, sup.Has(host))
	_, err = client.Get("http://" + host)
	require.NoError(t, err)
	assert.Len(t, sup.Snapshot().Targets, 2)
	assert.Equal(t, policies.Storage, sup.Target(host).Policy().Type)
}
