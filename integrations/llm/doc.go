// Package llm supervises calls to model APIs made with the official SDKs for
// OpenAI and Anthropic, without depending on either.
//
//	client := openai.NewClient(option.WithMiddleware(llm.Middleware(sup, "openai")))
//	client := anthropic.NewClient(option.WithMiddleware(llm.Middleware(sup, "anthropic")))
//
// Each call of the SDK is one operation on the target: its attempts, waits and
// circuit breaker are the target's. Make it the first middleware, so that all
// others run within its attempts.
//
// # One owner retries
//
// A middleware runs inside the SDK's own retry loop, which repeats a Go error
// and most error statuses, twice by default. So nothing that this middleware
// gives back is repeated by it: every answer carries x-should-retry: false, and
// what has no answer (an open breaker, a refused connection) becomes one, a 503
// with a body that both SDKs read as their own error. [RefusalOf] finds the
// supervisor's error in the SDK's. An exhausted operation gives the last real
// answer, if its last attempt had one. WithMaxRetries(0) is not needed.
//
// The SDK's WithRequestTimeout bounds the whole operation, and Anthropic's SDK
// makes another call when it passes; that one is refused with the operation's
// own error, see [RetriedError]. To bound an attempt use the target's policy.
//
// # What is repeated
//
// Which statuses are failures, and which are worth another attempt, is said by
// package classify and the target's policy. Bodies are read: a 429 that says
// insufficient_quota is not repeated. An error that arrives as the first event
// of a stream with status 200 is treated as the status it stands for.
//
// Model calls are POST requests, and one that may have taken effect runs again
// only if that is known to do no harm:
//
//   - refused and unreachable connections, 408, 409 and 429: always;
//   - 500, 503 and 529 with an error object of the API itself, whether as a
//     status or as an event before the first token, and anything for which the
//     server says x-should-retry: true: always, since the API says that the call
//     has failed and may be made again;
//   - resets and timeouts after sending, answers that break off, other 5xx: if
//     the request has an Idempotency-Key header (neither SDK sets one), or with
//     [Idempotent].
//
// Where a model runs tools on the server, a call that failed with a 500 may have
// had side effects: set never_retry to ["http.500"] for such a target.
//
// # Streams
//
// A stream (text/event-stream) has begun with its first event that is more than
// a prelude: ping, message_start, response.created, response.queued,
// response.in_progress, comments. Until then the attempt lasts, what has come is
// held back, and a failure is a failed attempt. From then on nothing is
// repeated, the operation has succeeded, and events pass as they come. If the
// stream then reports an error, breaks off or falls silent, its reader learns
// of it, and so does the target's breaker; see supervisor.SettleLater. A stream
// that its reader closes, or whose context ends, counts for nobody.
package llm
