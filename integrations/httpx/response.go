package httpx

import (
	"bufio"
	"maps"
	"net"
	"net/http"
	"sync"
)

// response is a handler's hold on the ResponseWriter, which ends when the handler
// is left behind. The handler has a header of its own until then, because it may
// write to it at any time.
type response struct {
	mu     sync.Mutex
	w      http.ResponseWriter
	header http.Header
	stage  stage
	status int // of the answer's header, 0 before it was written
}

// begin reports whether the handler is to run.
func (r *response) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage != notBegun {
		return false
	}
	r.stage = running
	r.header = r.w.Header().Clone()
	if r.header == nil {
		r.header = http.Header{}
	}
	return true
}

// leave ends the handler's hold, and says how far it had come.
func (r *response) leave() stage {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.stage {
	case notBegun:
		r.stage = refused
	case running:
		r.stage = leftBehind
	}
	return r.stage
}

// begun says whether the client has got something of the answer.
func (r *response) begun() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status != 0
}

// publish makes the server's header what the handler's is.
func (r *response) publish() {
	header := r.w.Header()
	clear(header)
	maps.Copy(header, r.header)
}

// Header implements [http.ResponseWriter].
func (r *response) Header() http.Header { return r.header }

// WriteHeader implements [http.ResponseWriter].
func (r *response) WriteHeader(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage == running {
		r.writeHeader(status)
	}
}

func (r *response) writeHeader(status int) {
	if r.status == 0 {
		r.publish()
		if status >= 200 || status == http.StatusSwitchingProtocols {
			r.status = status
		}
	}
	r.w.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (r *response) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage != running {
		return 0, http.ErrHandlerTimeout
	}
	if r.status == 0 {
		r.writeHeader(http.StatusOK)
	}
	return r.w.Write(p)
}

// Flush implements [http.Flusher].
func (r *response) Flush() { _ = r.FlushError() }

// FlushError is what http.ResponseController looks for.
func (r *response) FlushError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage != running {
		return http.ErrHandlerTimeout
	}
	if r.status == 0 {
		r.writeHeader(http.StatusOK)
	}
	return http.NewResponseController(r.w).Flush()
}

// Hijack implements [http.Hijacker]. The error is http.ErrNotSupported if the
// connection can't be had.
func (r *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage != running {
		return nil, nil, http.ErrHandlerTimeout
	}
	conn, buffered, err := http.NewResponseController(r.w).Hijack()
	if err == nil && r.status == 0 {
		r.status = http.StatusSwitchingProtocols
	}
	return conn, buffered, err
}

// Unwrap is what http.ResponseController looks for.
func (r *response) Unwrap() http.ResponseWriter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage != running {
		return withdrawn{}
	}
	return r.w
}

// withdrawn is in the place of a ResponseWriter that is another's by now.
type withdrawn struct{}

func (withdrawn) Header() http.Header       { return http.Header{} }
func (withdrawn) WriteHeader(int)           {}
func (withdrawn) Write([]byte) (int, error) { return 0, http.ErrHandlerTimeout }
