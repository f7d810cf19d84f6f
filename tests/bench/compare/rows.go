package main

import (
	"math"
	"regexp"
)

// row is one line of the table: a figure of Holdfast's, beside one of a peer's or
// of Holdfast's own, and perhaps a goal.
type row struct {
	Path string `json:"path"`
	// Of is the measured path, Beside the one that it is divided by, if any, and
	// Peer what that is called.
	Of     string `json:"of"`
	Beside string `json:"beside,omitempty"`
	Peer   string `json:"peer,omitempty"`
	// Unit is of both figures.
	Unit string `json:"unit"`
	// Goal is about the ratio, or about the figure where there is nothing beside
	// it. Nil is a row that only shows the scale.
	Goal *goal `json:"goal,omitempty"`
}

// goal is a bound that is met at the bound itself.
type goal struct {
	Most  *float64 `json:"most,omitempty"`
	Least *float64 `json:"least,omitempty"`
}

func atMost(x float64) *goal  { return &goal{Most: &x} }
func atLeast(x float64) *goal { return &goal{Least: &x} }

func (g *goal) met(x float64) bool {
	return !math.IsNaN(x) && (g.Most == nil || x <= *g.Most) && (g.Least == nil || x >= *g.Least)
}

const (
	perOp  = "ns/op"
	allocs = "allocs/op"
)

// rows are the table. The goals hold on two cores.
func rows() []row {
	return []row{
		{"DoOn, success", "success/holdfast", "success/gobreaker_backoff", "gobreaker+backoff", perOp, atMost(0.40)},
		{"DoOn, success", "success/holdfast", "success/failsafe", "failsafe-go", perOp, atMost(0.25)},
		{"DoOn, success", "success/holdfast", "success/gobreaker", "gobreaker, no retry", perOp, atMost(1)},
		{"DoOn, success", "success/holdfast", "success/gobreaker_retrygo", "gobreaker+retry-go", perOp, nil},
		{"DoOn, success", "success/holdfast", "success/eapache", "go-resiliency", perOp, nil},
		{"DoOn, success", "success/holdfast", "", "", allocs, atMost(1)},
		{"DoOn, success, adaptive pool", "success/holdfast_adaptive_pool", "success/holdfast", "DoOn", perOp, nil},
		{"Do by name, success", "success/holdfast_by_name", "success/holdfast", "DoOn", perOp, atMost(1.25)},
		{"Do by name, success", "success/holdfast_by_name", "", "", allocs, atMost(1)},
		{"DoOn from 2 goroutines", "success_parallel/holdfast", "success/holdfast", "DoOn serially", perOp, atMost(0.60)},
		{"DoOn from 2 goroutines", "success_parallel/holdfast", "success_parallel/gobreaker_backoff", "gobreaker+backoff", perOp, atMost(0.25)},
		{"DoOn from 2 goroutines", "success_parallel/holdfast", "success_parallel/failsafe", "failsafe-go", perOp, nil},
		{"DoOn from 2 goroutines", "success_parallel/holdfast", "success_parallel/gobreaker", "gobreaker, no retry", perOp, nil},
		{"refused while open", "refused/holdfast", "refused/gobreaker", "gobreaker, no retry", perOp, atMost(0.5)},
		{"refused while open", "refused/holdfast", "refused/failsafe", "failsafe-go", perOp, atMost(0.1)},
		{"refused while open", "refused/holdfast", "refused/gobreaker_backoff", "gobreaker+backoff", perOp, nil},
		{"refused while open", "refused/holdfast", "", "", allocs, atMost(0)},
		{"breaker alone, success", "closed_breaker/holdfast", "closed_breaker/eapache", "go-resiliency", perOp, atMost(1.5)},
		{"breaker alone, success", "closed_breaker/holdfast", "", "", allocs, atMost(0)},
		{"rate window of time, success", "rate_window/holdfast", "rate_window/gobreaker", "gobreaker, rolling", perOp, atMost(0.5)},
		{"rate window of time, success", "rate_window/holdfast", "", "", allocs, atMost(0)},
		{"same, reading a clock twice", "rate_window/holdfast_clock", "rate_window/gobreaker", "gobreaker, rolling", perOp, nil},
		{"rate window of calls, success", "rate_window/holdfast_calls", "rate_window/gobreaker", "gobreaker, rolling", perOp, atMost(0.5)},
		{"rate window of calls, success", "rate_window/holdfast_calls", "", "", allocs, atMost(0)},
		{"DoOn with a rate rule", "rate_rule/holdfast", "rate_rule/gobreaker", "gobreaker, rolling", perOp, nil},
		{"DoOn with a rate rule", "rate_rule/holdfast", "", "", allocs, nil},
		{"rate rule from 2 goroutines", "rate_rule_parallel/holdfast", "rate_rule/holdfast", "serially", perOp, atMost(1)},
		{"rate rule from 2 goroutines", "rate_rule_parallel/holdfast", "rate_rule_parallel/gobreaker", "gobreaker, rolling", perOp, nil},
		{"Go and wait", "async/holdfast", "async/failsafe", "failsafe-go GetAsync", perOp, atMost(0.6)},
		{"Go and wait", "async/holdfast", "async/goroutine_channel", "goroutine+channel", perOp, nil},
		{"Go and wait", "async/holdfast", "", "", allocs, nil},
		{"message from an actor, reply", "message/holdfast", "message/protoactor_future", "RequestFuture", perOp, atMost(0.4)},
		{"message from an actor, reply", "message/holdfast", "message/protoactor_actors", "bare actor to actor", perOp, nil},
		{"message from an actor, reply", "message/holdfast", "", "", allocs, nil},
		{"failure, restart, success", "restart/holdfast", "", "", perOp, atMost(3000)},
		{"failure, restart, success", "restart/holdfast", "", "", allocs, nil},
		{"failure, restart, success", "restart/holdfast", "restart/gobreaker_backoff", "gobreaker+backoff", perOp, nil},
		{"failure, restart, success", "restart/holdfast", "restart/gobreaker_retrygo", "gobreaker+retry-go", perOp, nil},
		{"failure, restart, success", "restart/holdfast", "restart/failsafe", "failsafe-go", perOp, nil},
		{"restarts, 2 cores", "restart_parallel/holdfast", "", "", "restarts/s", atLeast(300_000)},
		{"restart from 2 goroutines", "restart_parallel/holdfast", "restart_parallel/gobreaker_backoff", "gobreaker+backoff", perOp, nil},
		{"restart from 2 goroutines", "restart_parallel/holdfast", "restart_parallel/gobreaker_retrygo", "gobreaker+retry-go", perOp, nil},
		{"restart from 2 goroutines", "restart_parallel/holdfast", "restart_parallel/failsafe", "failsafe-go", perOp, nil},
		{"one subscriber of transitions", "events/subscriber", "events/nobody", "no subscriber", perOp, atMost(1.05)},
		{"Snapshot 100 times a second", "metrics/on", "metrics/off", "no Snapshot", perOp, atMost(1.2)},

		{"Do by name, 64 hot of 100k", "names/hot_of_many", "success/holdfast_by_name", "one target", perOp, atMost(1.5)},
		{"Do by name, 64 hot of 100k", "names/hot_of_many", "names/one", "one, with that heap", perOp, nil},
		{"Do by name, always one of 100k", "names/same_of_many", "success/holdfast_by_name", "one target", perOp, nil},
		{"Do by name, each of 100k in turn", "names/each_of_many", "success/holdfast_by_name", "one target", perOp, nil},
		{"Do by name, each of 100k in turn", "names/each_of_many", "names/each_gobreaker", "gobreakers in a map", perOp, nil},

		{"1M waiting in backoff, each", "waiting/holdfast", "", "", "B/waiting", atMost(600)},
		{"1M waiting, more goroutines", "waiting/holdfast", "", "", "goroutines", atMost(300)},
		{"1M waiting, late, 99 of 100", "waiting/holdfast", "", "", "ms-late-p99", atMost(50)},
		{"1M waiting, late, median", "waiting/holdfast", "", "", "ms-late-p50", nil},
		{"1M waiting, late, most", "waiting/holdfast", "", "", "ms-late-max", nil},
		{"1M waiting, to start them", "waiting/holdfast", "", "", "s-to-start", nil},
		{"100k waiting in backoff, each", "waiting_100k/holdfast", "waiting_100k/failsafe", "failsafe-go GetAsync", "B/waiting", nil},
		{"100k waiting in backoff, each", "waiting_100k/holdfast", "waiting_100k/gobreaker_backoff", "gobreaker+backoff", "B/waiting", nil},
		{"100k waiting in backoff, each", "waiting_100k/holdfast", "waiting_100k/goroutine_sleep", "goroutine asleep", "B/waiting", nil},
		{"100k waiting, late, 99 of 100", "waiting_100k/holdfast", "waiting_100k/failsafe", "failsafe-go GetAsync", "ms-late-p99", nil},
		{"100k waiting, late, 99 of 100", "waiting_100k/holdfast", "waiting_100k/gobreaker_backoff", "gobreaker+backoff", "ms-late-p99", nil},
		{"100k waiting, late, 99 of 100", "waiting_100k/holdfast", "waiting_100k/goroutine_sleep", "goroutine asleep", "ms-late-p99", nil},

		{"100k keyed targets live, each", "keyed/idle", "", "", "B/live", atMost(1536)},
		{"just after a call", "keyed/idle", "", "", "B/called", nil},
		{"100k keyed, passivated, each", "keyed/idle", "", "", "B/passivated", atMost(200)},
		{"100k keyed, still open, each", "keyed/remembered", "", "", "B/remembered", atMost(200)},
		{"to start a keyed target", "keyed/idle", "", "", "ns/start", nil},
		{"Shutdown with 100k waiting", "shutdown/holdfast", "", "", "s-to-end", atMost(1)},
	}
}

// matching are the rows whose path or whose measured paths match.
func matching(all []row, pattern *regexp.Regexp) []row {
	var some []row
	for _, r := range all {
		if pattern.MatchString(r.Path) || pattern.MatchString(r.Of) || pattern.MatchString(r.Beside) {
			some = append(some, r)
		}
	}
	return some
}
