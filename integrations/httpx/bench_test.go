package httpx

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// What the Transport adds to a request, over a base that does next to nothing and
// over a real server on the loopback; and what the middleware adds to a handler.
func BenchmarkRoundTrip(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	defer server.Close()
	set, err := policies.NewSet(nil)
	if err != nil {
		b.Fatal(err)
	}
	sup, err := supervisor.New(set)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = sup.Shutdown(context.Background()) }()
	nothing := roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("ok"))}, nil
	})
	bases := []struct {
		name string
		rt   http.RoundTripper
	}{{"nothing", nothing}, {"loopback", server.Client().Transport}}
	for _, base := range bases {
		for name, rt := range map[string]http.RoundTripper{
			"plain": base.rt, "guarded": NewTransport(sup, WithBase(base.rt), WithTarget(Named("api"))),
		} {
			b.Run(base.name+"/"+name, func(b *testing.B) {
				req, _ := http.NewRequest(http.MethodGet, server.URL, nil)
				b.ReportAllocs()
				for b.Loop() {
					resp, err := rt.RoundTrip(req)
					if err != nil {
						b.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			})
		}
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for name, h := range map[string]http.Handler{"plain": handler, "guarded": Middleware(sup, Named("worker"))(handler)} {
		b.Run("handler/"+name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
