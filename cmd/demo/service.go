package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// The request headers by which the service knows an attempt again. A service
// that does not care may ignore them.
const (
	operationHeader = "X-Demo-Operation"
	attemptHeader   = "X-Demo-Attempt"
)

// service is a real HTTP server on a loopback port that behaves as its phase
// says. Its outage is a real one: the listener and all connections are
// closed, and later the same port is opened again.
//
// enter and close belong to one goroutine; isDown and the handler may
// be used from any.
type service struct {
	seed    uint64
	address string
	phase   atomic.Pointer[phase]
	server  *http.Server  // nil while down
	served  chan struct{} // closed when server has let go of the port
}

// startService opens a free loopback port, healthy.
func startService(seed uint64) (*service, error) {
	s := &service{seed: seed, address: "127.0.0.1:0"}
	if err := s.enter(context.Background(), healthy); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *service) url() string { return "http://" + s.address + "/v1/complete" }

// isDown is true from when the port has been closed until just before it is
// opened again.
func (s *service) isDown() bool { return *s.phase.Load() == down }

// enter goes to a phase. It fails when the port can't be opened.
func (s *service) enter(ctx context.Context, p phase) error {
	if p == down {
		err := s.close()
		s.phase.Store(&p)
		return err
	}
	s.phase.Store(&p)
	if s.server != nil {
		return nil
	}
	listener, err := reopen(ctx, s.address)
	if err != nil {
		return fmt.Errorf("the demo's service can't listen on %s: %w", s.address, err)
	}
	s.address = listener.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	s.served = make(chan struct{})
	go func(server *http.Server, served chan struct{}) {
		defer close(served)
		_ = server.Serve(listener) // ends with ErrServerClosed, by close
	}(s.server, s.served)
	return nil
}

// reopen listens on an address. Where something else borrowed the port during
// the outage, it tries again for a second.
func reopen(ctx context.Context, address string) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return listener, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// close closes the listener and every connection, those in use too, as a
// crash would.
func (s *service) close() error {
	if s.server == nil {
		return nil
	}
	err := s.server.Close()
	// A server that is closed before it has begun to serve closes its
	// listener only then.
	<-s.served
	s.server = nil
	return err
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation, _ := strconv.Atoi(r.Header.Get(operationHeader)) // absent: 0, as for a request by hand
	attempt, _ := strconv.Atoi(r.Header.Get(attemptHeader))
	f := decide(*s.phase.Load(), s.seed, operation, attempt)
	select {
	case <-r.Context().Done():
		return
	case <-time.After(f.delay):
	}
	if f.retryAfter > 0 {
		// Whole seconds are all that Retry-After can say; model APIs send
		// the exact delay beside it.
		w.Header().Set("Retry-After", strconv.Itoa(int((f.retryAfter+time.Second-1)/time.Second)))
		w.Header().Set("Retry-After-Ms", strconv.FormatInt(f.retryAfter.Milliseconds(), 10))
	}
	w.WriteHeader(f.status)
	_, _ = fmt.Fprintln(w, http.StatusText(f.status)) // a client that left needs no answer
}
