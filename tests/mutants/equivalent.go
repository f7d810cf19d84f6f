package main

// equivalent are the mutants that change nothing anybody could see, each with the
// reason. Keys are as the report prints them, without the line.
var equivalent = []struct{ reason, key string }{
	{"room for probes that a half-open time would make anyway", "policies/breaker/configure.go: Machine.Configure: true: m.state == HalfOpen"},
	{"makes the same room again", "policies/breaker/probes.go: probes.grow: edge: n+1 <= len(p.slots)"},
	{"the head's lease is zero, which is after none", "policies/breaker/probes.go: probes.begin: true: after != 0"},

	{"a shortcut: the loops below come to the same", "policies/breaker/ramp.go: ramp.limitAt: false: !now.Before(r.until)"},
	{"a shortcut: the loops below come to the same", "policies/breaker/ramp.go: ramp.limitAt: edge: r.limit >= r.most"},
	{"the loop after it counts up again", "policies/breaker/ramp.go: ramp.limitAt: true: r.at(n).After(now)"},
	{"the step after the last is after the end", "policies/breaker/ramp.go: ramp.limitAt: true: n < r.most"},
	{"the step after the last is after the end", "policies/breaker/ramp.go: ramp.limitAt: edge: n < r.most"},

	{"both sides are the same duration there", "policies/breaker/recovery.go: openTime: edge: length >= longest"},
	{"both sides are the same duration there", "policies/breaker/recovery.go: openTime: edge: length > shortest"},
	{"a shortcut: passing by no bucket changes nothing", "policies/breaker/ring.go: ring.pass: false: n == 0"},
	{"a shortcut: SettleAttempt comes to the same", "policies/breaker/settle.go: Machine.Settle: false: o == policies.Success && m.state == Closed && p == (Permit{Generation: m.generation})"},
	{"a shortcut: putting them in one by one comes to the same", "policies/breaker/window_calls.go: callWindow.addSuccesses: true: n < uint64(len(w.ring))"},
	{"a shortcut: putting them in one by one comes to the same", "policies/breaker/window_calls.go: callWindow.addSuccesses: edge: n < uint64(len(w.ring))"},
	{"no sum of costs is the tolerance to the bit", "policies/breaker/window_cost.go: Machine.tooCostly: edge: m.costs.sum(now) >= m.settings.FailureCost*(1-costTolerance)"},

	{"the sum of 0 that it gives is refused", "policies/breaker/window_memory.go: reader.fixed: skip: r.bad, r.rest = true, nil"},
	{"bad stays bad: ends early", "policies/breaker/window_memory.go: decodeCosts: true: !r.bad"},
	{"bad stays bad: ends early", "policies/breaker/window_memory.go: decodeCosts: false: r.bad"},
	{"bad stays bad: ends early", "policies/breaker/window_memory.go: decodeRing: false: r.bad"},
	{"bad stays bad: ends early", "policies/breaker/window_memory.go: decodeCalls: false: r.bad"},
	{"bad stays bad: ends early", "policies/breaker/window_memory.go: decodeTime: false: r.bad"},
	{"bad stays bad: ends early", "policies/breaker/window_memory.go: decodeTime: false: r.bad #2"},
	{"Restore fits the window to the settings, which sums it again", "policies/breaker/window_memory.go: decodeTime: skip: w.sum.add(t)"},

	{"chaos.Decide injects nothing where chaos is off", "supervisor/operation.go: operation.begin: true: op.policy.chaos"},
	{"chaos.Decide injects nothing where chaos is off", "supervisor/watched.go: watched.Run: true: w.op.policy.chaos"},
	{"who runs an inline attempt has just looked; a breaker that moves in between might as well have moved before", "supervisor/operation.go: operation.begin: true: !op.inline"},
}

func allowedBy() map[string]string {
	allowed := make(map[string]string, len(equivalent))
	for _, e := range equivalent {
		allowed[e.key] = e.reason
	}
	return allowed
}
