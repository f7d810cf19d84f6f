package httpx

import (
	"net/http"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/supervisor"
)

// MiddlewareOption changes how [Middleware] guards.
type MiddlewareOption func(*guard)

// WithRefusal has refuse answer the requests that were not let through, in place
// of [WriteRefusal]: err is an *OpenError, a *RejectedError, or the error of an
// operation whose handler was left behind before it wrote anything. Retry-After
// and, where it is due, Connection: close are in the header by then; [RefusalStatus]
// proposes a status.
func WithRefusal(refuse func(w http.ResponseWriter, r *http.Request, err error)) MiddlewareOption {
	return func(g *guard) {
		if refuse != nil {
			g.refuse = refuse
		}
	}
}

// Middleware guards handlers: each request is one operation on the target that
// pick names, see [Named]. The target's pool bounds how many handlers run
// (pool.workers) and how many requests wait for one (pool.max_pending), and its
// breaker turns requests away while the handlers fail, or what is behind them.
//
// A request that is not let through is answered as [WriteRefusal] does. One that is
// runs its handler once and never again, whatever the policy says of retries. An
// answer of 500 or more and a panic are failures of the target, everything else is
// a success; what happens after the client has left counts for nobody. Panics go
// on to the server, http.ErrAbortHandler too; the event of the failed attempt has
// their stack.
//
// The handler's context is the attempt's, so that operations within it are known
// to be that. Should the policy have the attempt left behind, the client is
// answered like one that was refused, or cut off if the handler has written
// something, and what the handler writes from then on fails with
// http.ErrHandlerTimeout.
//
// What is written goes to the client as it comes. The ResponseWriter has Flush and
// Hijack, and the rest through http.NewResponseController.
func Middleware(sup *supervisor.Supervisor, pick func(*http.Request) string, options ...MiddlewareOption) func(http.Handler) http.Handler {
	g := guard{sup: sup, pick: pick}
	for _, option := range options {
		if option != nil {
			option(&g)
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.serve(w, r, next) })
	}
}

type guard struct {
	sup    *supervisor.Supervisor
	pick   func(*http.Request) string
	refuse func(http.ResponseWriter, *http.Request, error)
}

// once ends an operation where its policy would try again, and keeps it from being
// hedged: half an answer may be with the client.
var once = supervisor.BackOff(func() backoff.BackOff { return &backoff.StopBackOff{} })

func (g *guard) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	s := &serving{response: response{w: w}, request: r, next: next}
	_, err := supervisor.Do(r.Context(), g.sup, g.pick(r), s.run, once)
	switch s.leave() {
	case returned:
	case panicked:
		panic(s.value)
	case leftBehind:
		if s.begun() {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		// The handler may hold the connection for as long as it runs.
		w.Header().Set("Connection", "close")
		g.turnAway(w, r, err)
	default:
		g.turnAway(w, r, err)
	}
}

func (g *guard) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	if g.refuse != nil {
		refusalHeader(w.Header(), err)
		g.refuse(w, r, err)
		return
	}
	writeRefusal(w, err)
}
