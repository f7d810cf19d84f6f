// Package httpx plugs Holdfast into net/http: a [Transport] for every client
// that takes an http.Client or an http.RoundTripper, and a [Middleware] for
// servers.
//
//	client := &http.Client{Transport: httpx.NewTransport(sup, httpx.WithFallbackTarget("api"))}
//	resp, err := client.Get("https://api.example.com/v1/quotes")
//
// Every request is one operation of a target, whose policy says how often it is
// repeated, after which waits, and when its breaker refuses it.
//
// # What a client gets
//
// An answer is an answer, whatever its status, as the contract of
// http.RoundTripper has it: after the last attempt the caller gets that
// attempt's response, with its body, and no error. [Err] tells why there was no
// further attempt. Errors are for requests that got no answer: refused by an
// open breaker (errors.Is(err, supervisor.ErrOpen)), rejected
// (*supervisor.RejectedError), failed on the network with no attempt left
// (*supervisor.ExhaustedError, which unwraps to the last one's error), or
// cancelled. http.Client wraps them in an *url.Error, as it does all errors.
//
// A redirect that http.Client follows is a request of its own, and so an
// operation of its own. Client.Timeout and the request's context bound the
// whole operation, all attempts and waits. A client that repeats requests by
// itself, as the SDKs of model APIs do, is to be told not to: only one of the
// two should. A function that runs in an operation of its own returns Err(resp)
// for an answer that is none, so that its operation doesn't repeat what was
// repeated.
//
// # What is repeated
//
// Package classify says which errors and statuses are worth another attempt, and
// which of them may have taken effect. Of these, GET, HEAD, OPTIONS, TRACE, PUT
// and DELETE are repeated (RFC 9110, section 9.2.2), POST and PATCH only where
// the request has an Idempotency-Key or X-Idempotency-Key header, or the
// target's policy says idempotent: yes; so are methods that RFC 9110 doesn't
// know. What cannot have taken effect, such as a refused connection, a 429 or a
// 503 with Retry-After, is repeated for every method.
//
// A body is sent again by the request's GetBody, which http.NewRequest sets for
// bytes and strings. Without one it goes out once at most: a request is repeated
// only if nothing was read of it, or if it was kept, see [WithBufferedBodies].
//
// # What is streamed
//
// The attempt ends when the header of its answer is there, and so does whatever
// bounds an attempt. The body then streams as long as the request's context
// allows, and a body that breaks off is the reader's to notice. Of an answer of
// 400 or more up to 64 KiB are read first, for at most ten seconds: they say what
// happened, and a connection whose body was read is used again.
package httpx
