package flaky

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// answer writes what a fate says. What the client doesn't take is not the
// service's concern.
func answer(w http.ResponseWriter, r *http.Request, f Fate) {
	if f.RetryAfter > 0 {
		// Whole seconds are all that Retry-After can say; model APIs send
		// the exact delay beside it.
		w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
		w.Header().Set("Retry-After-Ms", strconv.FormatInt(f.RetryAfter.Milliseconds(), 10))
	}
	body := http.StatusText(f.Status) + "\n"
	switch {
	case f.Reset:
		breakOff(w, f.Status, body)
	case f.Drip > 0:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(f.Status)
		flush := http.NewResponseController(w)
		for i := range len(body) {
			if !pause(r.Context(), f.Drip) {
				return
			}
			_, _ = w.Write([]byte{body[i]})
			_ = flush.Flush()
		}
	default:
		w.WriteHeader(f.Status)
		_, _ = fmt.Fprint(w, body)
	}
}

// breakOff sends the first byte of a body and resets the connection, as a proxy
// does whose process dies.
func breakOff(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body[:1]))
	c := http.NewResponseController(w)
	_ = c.Flush()
	conn, _, err := c.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has streams in place of connections: it resets this one
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // what makes Close send a reset
	}
	_ = conn.Close()
}
