// Package model_test runs random programs on a circuit breaker's state machine
// and on a second one that is deliberately naive: it keeps its whole history and
// reckons every answer from it anew. It is written from the requirements R1 to R26
// of ARCHITECTURE.md, shares no code with the machine, and after each step the two
// must agree on everything that can be asked.
//
//	go test ./tests/model                          a few seconds
//	go test ./tests/model -rapid.checks=1000000    as long as you like
package model_test
