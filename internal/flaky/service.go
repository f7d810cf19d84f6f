package flaky

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
	OperationHeader = "X-Demo-Operation"
	AttemptHeader   = "X-Demo-Attempt"
)

// Config says what kind of service [Start] starts.
type Config struct {
	// Seed is what fates are drawn from.
	Seed uint64
	// Address is what it listens on. Default: a free port on the loopback.
	Address string
	// Haste, over 0, is what its delays are divided by. Default 1.
	Haste float64
	// Executed, where set, is called for each request that the service has
	// worked on, before it answers. It is called from many goroutines.
	Executed func(operation, attempt int, f Fate)
}

// Service is a real HTTP server that behaves as its phase says. Its outage is
// a real one: the listener and all connections are closed, and later the same
// port is opened again.
//
// Enter and Close belong to one goroutine; IsDown and the handler may
// be used from any.
type Service struct {
	config Config
	phase  atomic.Pointer[Phase]
	server *http.Server  // nil while down
	served chan struct{} // closed when server has let go of the port
}

// Start opens the service's port, healthy.
func Start(c Config) (*Service, error) {
	if c.Address == "" {
		c.Address = "127.0.0.1:0"
	}
	s := &Service{config: c}
	if err := s.Enter(context.Background(), Healthy); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is where the service answers.
func (s *Service) URL() string { return "http://" + s.config.Address + "/v1/complete" }

// IsDown is true from when the port has been closed until just before it is
// opened again.
func (s *Service) IsDown() bool { return *s.phase.Load() == Down }

// Enter goes to a phase. It fails when the port can't be opened.
func (s *Service) Enter(ctx context.Context, p Phase) error {
	if p == Down {
		err := s.Close()
		s.phase.Store(&p)
		return err
	}
	s.phase.Store(&p)
	if s.server != nil {
		return nil
	}
	listener, err := reopen(ctx, s.config.Address)
	if err != nil {
		return fmt.Errorf("the demo's service can't listen on %s: %w", s.config.Address, err)
	}
	s.config.Address = listener.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	s.served = make(chan struct{})
	go func(server *http.Server, served chan struct{}) {
		defer close(served)
		_ = server.Serve(listener) // ends with ErrServerClosed, by Close
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

// Close closes the listener and every connection, those in use too, as a
// crash would.
func (s *Service) Close() error {
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

func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation, _ := strconv.Atoi(r.Header.Get(OperationHeader)) // absent: 0, as for a request by hand
	attempt, _ := strconv.Atoi(r.Header.Get(AttemptHeader))
	f := s.hurried(Decide(*s.phase.Load(), s.config.Seed, operation, attempt))
	if !pause(r.Context(), f.Delay) {
		return
	}
	if s.config.Executed != nil {
		s.config.Executed(operation, attempt, f)
	}
	answer(w, r, f)
}

// hurried divides a fate's delays.
func (s *Service) hurried(f Fate) Fate {
	if h := s.config.Haste; h > 0 {
		for _, d := range []*time.Duration{&f.Delay, &f.RetryAfter, &f.Drip} {
			*d = time.Duration(float64(*d) / h)
		}
	}
	return f
}

// pause waits, and gives false when the client left meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
