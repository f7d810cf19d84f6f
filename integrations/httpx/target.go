package httpx

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/holdfast-go/holdfast/supervisor"
)

// target looks up the target of a request.
func (t *Transport) target(req *http.Request) (*supervisor.Target, error) {
	var name string
	if t.pick != nil {
		name = t.pick(req)
	} else {
		name = t.byHost(req.URL)
	}
	if t.fallback != "" && !t.sup.Has(name) {
		name = t.fallback
	}
	target := t.sup.Target(name)
	if err := target.Err(); err != nil {
		return nil, fmt.Errorf("httpx: no target for a request to %q (see WithTarget and WithFallbackTarget): %w", req.URL.Host, err)
	}
	return target, nil
}

// byHost is the name of the target that is called as the host is. It goes by
// where the connection leads, and not by a Host header.
func (t *Transport) byHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	bare := strings.ToLower(u.Hostname())
	if host == bare || t.sup.Has(host) {
		return host
	}
	return bare
}
