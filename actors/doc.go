// Package actors holds the actors of Holdfast and what they say: the circuit
// breaker that owns its state machine, the worker that runs attempts, the
// publisher that puts events on the actor system's event stream, and the
// mailbox all of them run on.
//
// Programs use it for the types of events and messages. They make actors
// through package supervisor.
package actors
