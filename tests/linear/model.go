// Package linear holds the history of a breaker under concurrent callers to a
// sequential model: each history must be one that a machine without any
// concurrency could have had, with every step somewhere between its call and
// its return (Herlihy and Wing, "Linearizability"; checked by porcupine).
//
// A call is two steps, for others come between them: it enters (its function
// begins, or it is refused), and it settles (its outcome has taken effect when
// the call returns). Three things are left open by what is promised, and so by the model:
// a call that is let through in a generation that has ended by the time it
// settles changes nothing; a half-open breaker may refuse a call though no other
// probe runs, if one that was let through has just been overtaken; and the end
// of a forced open time comes when the breaker's timer does.
//
// What is not linearizable, and is not promised, are the plain counters: a success that
// changes nothing is not told to the breaker, so Counts.LastSuccess and
// ConsecutiveSuccesses leave it out, and Successes adds it later.
package linear

import "github.com/anishathalye/porcupine"

// clients is how many callers there are.
const clients = 6

// What the breaker of a history is told.
const (
	threshold = 3 // failures in a row trip it
	probes    = 2 // may run at a time
	enough    = 2 // of them that succeed close it
)

// action is a step of a client.
type action uint8

const (
	enter action = iota
	settleOK
	settleFailed
	forceOpen
	forceProbing // ForceOpenFor(0)
	forceClose
	disable
	reset
	read
)

// answers of enter; that of read is the name of a state.
const (
	admitted = "admitted"
	refused  = "refused"
)

// step is what a client does.
type step struct {
	client int
	action action
}

// status is the model's state: a plain value that can be compared.
type status struct {
	state     string // the breaker's, or "due": forced open, and about to probe
	failures  int    // in a row
	successes int    // of probes
	running   int    // probes
	permits   [clients]bool
}

const due = "due"

// move begins a generation: every permit of the one before is void.
func (s status) move(to string) status { return status{state: to} }

// after gives the states that the step may lead to with the answer, none if it
// can't have had that answer.
func (s status) after(st step, answer string) []status {
	if s.state == due { // its timer has come, or it has not
		return append(s.move("half_open").after(st, answer), s.stillDue(st, answer)...)
	}
	switch st.action {
	case enter:
		return s.enter(st.client, answer)
	case settleOK, settleFailed:
		return []status{s.settle(st.client, st.action == settleOK)}
	case forceOpen:
		return []status{s.move("forced_open")}
	case forceProbing:
		return []status{s.move(due)}
	case forceClose:
		return []status{s.move("forced_closed")}
	case disable:
		return []status{s.move("disabled")}
	case reset:
		return []status{s.move("closed")}
	}
	if answer != s.state {
		return nil
	}
	return []status{s}
}

// stillDue gives those after a step that comes before the timer.
func (s status) stillDue(st step, answer string) []status {
	s.state = "forced_open"
	all := s.after(st, answer)
	for i := range all {
		if all[i].state == "forced_open" && st.action != forceOpen {
			all[i].state = due
		}
	}
	return all
}

func (s status) enter(client int, answer string) []status {
	open := s.state == "open" || s.state == "forced_open"
	probing := s.state == "half_open"
	switch {
	case answer == refused && (open || probing):
		return []status{s}
	case answer == refused || open || probing && s.running >= probes:
		return nil
	case probing:
		s.running++
	}
	s.permits[client] = true
	return []status{s}
}

func (s status) settle(client int, ok bool) status {
	if !s.permits[client] {
		return s
	}
	s.permits[client] = false
	switch {
	case s.state == "closed" && ok:
		s.failures = 0
	case s.state == "closed":
		if s.failures++; s.failures == threshold {
			return s.move("open")
		}
	case s.state == "half_open" && ok:
		s.running--
		if s.successes++; s.successes == enough {
			return s.move("closed")
		}
	case s.state == "half_open":
		return s.move("open")
	}
	return s
}

// model is what porcupine checks by.
var model = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{status{state: "closed"}} },
	Step: func(state, input, output any) (all []any) {
		for _, s := range state.(status).after(input.(step), output.(string)) {
			all = append(all, s)
		}
		return all
	},
}).ToModel()
