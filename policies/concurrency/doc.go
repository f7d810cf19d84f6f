// Package concurrency decides how many attempts a target may have running at
// one time, from how long attempts take. It is pure: it knows no clock, no
// randomness, no goroutine and no mutex; the times come in with each attempt.
//
//	l := concurrency.New(pool)
//	if running < l.Limit() {
//		began := now()
//		err := call()
//		l.Observe(concurrency.Attempt{Began: began, Ended: now(), InFlight: running, Dropped: overloaded(err)})
//	}
//
// The limiter compares two latencies. The one is the mean of the attempts that
// ended lately. The other is the base latency, that of the service when nothing
// queues in it. While the first is at most pool.latency_tolerance times the
// second the limit may grow; beyond that it falls to where, by Little's law,
// the queue would be as long as is tolerated: limit x tolerance x base /
// latency. For a service that works on C calls at a time and queues the others
// this comes to about tolerance x C.
//
// This is the gradient of Netflix' concurrency-limits and of Envoy's adaptive
// concurrency filter, with four differences that the simulation in this
// package's tests asked for (docs/adaptive-concurrency.md has the numbers):
//
//   - The base is measured, not remembered. A long average (Gradient2) follows
//     an overload that lasts, and a minimum (Vegas) never rises again. From
//     time to time, and when latency stays high although the limit fell, the
//     limit goes below what the service is thought to work on at a time for as
//     long as it takes to measure. Envoy does so as well, but goes down to
//     three whatever the service can do.
//   - After the limit fell nothing is measured until it has taken effect, so
//     that one queue is not answered twice.
//   - A mean is used when it is known to within a tenth: how many attempts that
//     takes follows from how much their latencies scatter.
//   - Dropped attempts that a lower limit does not prevent are not held against
//     it.
package concurrency
