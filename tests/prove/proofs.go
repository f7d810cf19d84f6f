package main

import (
	"math"
	"regexp"
	"time"
)

// proof is one thing that is shown.
type proof struct {
	name, invariant, says string
	short, full           size
	// read finds the figures of a proof whose output is not of the form
	// "prove: name figure=number"; nil for others.
	read   *regexp.Regexp
	bounds []bound
}

// size is how large a proof is. One without a command isn't run in that size.
type size struct {
	goal    string
	command string
	takes   time.Duration // on two cores, for the estimate
	least   []bound       // how much must have been done in this size, beside the proof's bounds
}

func (p proof) size(full bool) size {
	if full {
		return p.full
	}
	return p.short
}

// accounts are what a ledger must say of a load.
var accounts = zero("lost", "double", "over", "late", "wrong")

// proofs are all of them, the quick ones first.
var proofs = append([]proof{
	{name: "clock", invariant: "I14", says: "stopped processes and jumps of the wall clock change no decision",
		short: size{"the same decisions", "go test -count=1 ./tests/clock", 10 * time.Second, nil},
		full:  size{"the same decisions", "go test -count=20 ./tests/clock", 80 * time.Second, nil}},
	{name: "endings", invariant: "I3", says: "every ending of a probe gives its slot back, and no more run than may",
		short: size{"10,000 of each, 0 leaked, 0 over",
			"go test -count=1 -v ./tests/endings -endings.each 10000", 15 * time.Second,
			least(count{"probes", 110_000})},
		full: size{"1,000,000 of each, 0 leaked, 0 over",
			"go test -count=1 -v -timeout 2h ./tests/endings -endings.each 1000000", 6 * time.Minute,
			least(count{"probes", 11_000_000})},
		bounds: zero("leaked", "over")},
	{name: "chaos", invariant: "I1, I4", says: "the ledger of a load in two processes",
		short: size{"500,000: 0 lost, 0 double, 0 over",
			"go test -count=1 -v ./tests/load -load.operations 500000", 20 * time.Second,
			least(count{"operations", 500_000})},
		full: size{"20,000,000: 0 lost, 0 double, 0 over",
			"go test -count=1 -v -timeout 3h ./tests/load -load.operations 20000000", 5 * time.Minute,
			least(count{"operations", 20_000_000})},
		bounds: accounts},
	{name: "chaos_race", invariant: "I1, I4", says: "the same with the race detector",
		short: size{"100,000: 0 lost, 0 double, 0 over",
			"go test -race -count=1 -v ./tests/load -load.operations 100000", 50 * time.Second,
			least(count{"operations", 100_000})},
		full: size{"1,000,000: 0 lost, 0 double, 0 over",
			"go test -race -count=1 -v -timeout 3h ./tests/load -load.operations 1000000", 90 * time.Second,
			least(count{"operations", 1_000_000})},
		bounds: accounts},
	{name: "storm", invariant: "I1, I4", says: "workers, breakers and whole targets are killed",
		short: size{"200,000: 0 lost, 0 double, 0 over",
			"go test -count=1 -v ./tests/chaos -run TestChaos_Every -chaos.operations 200000", 15 * time.Second,
			least(count{"operations", 200_000}, count{"kills", 1})},
		full: size{"5,000,000: 0 lost, 0 double, 0 over",
			"go test -count=1 -v -timeout 2h ./tests/chaos -run TestChaos_Every -chaos.operations 5000000", 90 * time.Second,
			least(count{"operations", 5_000_000}, count{"kills", 1})},
		read: regexp.MustCompile(`(?P<operations>\d+) operations, (?P<attempts>\d+) attempts, (?P<kills>\d+) worker kills: (?P<lost>\d+) lost, ` +
			`(?P<double>\d+) double, (?P<over>\d+) over max_attempts, (?P<late>\d+) run after success`),
		bounds: zero("lost", "double", "over", "late")},
	{name: "invariants", invariant: "I1-I14", says: "each invariant by itself, to the nanosecond of virtual time",
		short: size{"all tests", "go test -count=1 ./tests/invariants", 20 * time.Second, nil},
		full:  size{"all tests, 20 times", "go test -count=20 -timeout 1h ./tests/invariants", 3 * time.Minute, nil}},
	{name: "explorer", invariant: "I1-I13, I15", says: "random programs of operations and faults",
		short: size{"20,000 schedules",
			"go test -count=1 -v ./tests/explorer -run TestExplore$ -explorer.schedules 20000 -explorer.processes 2", 30 * time.Second,
			least(count{"schedules", 20_000})},
		full: size{"2,000,000 schedules",
			"go test -count=1 -v -timeout 6h ./tests/explorer -run TestExplore$ -explorer.schedules 2000000 -explorer.processes 2",
			45 * time.Minute, least(count{"schedules", 2_000_000})},
		read: regexp.MustCompile(`(?P<schedules>\d+) schedules in `)},
	{name: "scenarios", invariant: "I1-I13, I15", says: "what the system does is what its scripts say",
		short: size{"all scripts", "go test -count=1 ./tests/scenarios", 10 * time.Second, nil},
		full: size{"all scripts, loose ones 1,000 times",
			"go test -count=1 -timeout 1h ./tests/scenarios -scenarios.plays 1000", 10 * time.Second, nil}},
	{name: "linearizable", invariant: "I15", says: "a breaker's history under concurrent callers is one of a single caller",
		short: size{"100 histories", "go test -count=1 -v ./tests/linear -linear.histories 100", 10 * time.Second,
			least(count{"histories", 100}, count{"operations", 600})},
		full: size{"1,000 x 10,000 operations",
			"go test -count=1 -v -timeout 3h ./tests/linear -linear.histories 1000 -linear.operations 10000", 2 * time.Minute,
			least(count{"histories", 1_000}, count{"operations", 10_000})},
		read: regexp.MustCompile(`(?P<histories>\d+) histories of (?P<operations>\d+) operations`)},
	{name: "model", invariant: "I15", says: "the breaker's machine equals its model",
		short: size{"1,000 programs", "go test -count=1 -v ./tests/model", 15 * time.Second, least(count{"programs", 1_000})},
		full: size{"100,000 programs", "go test -count=1 -v -timeout 3h ./tests/model -rapid.checks=100000", 150 * time.Second,
			least(count{"programs", 100_000})},
		read:   regexp.MustCompile(`(?P<programs>\d+) programs, (?P<operations>\d+) operations, (?P<seen>\d+) of (?P<transitions>\d+) transitions seen, (?P<differences>\d+) differences`),
		bounds: zero("differences")},
	{name: "mutants", invariant: "all", says: "each guard is needed: without it a test fails",
		short: size{"a sample of the machine", "go run ./tests/mutants -short", 60 * time.Second, nil},
		full:  size{"all guards", "go run ./tests/mutants", time.Hour, nil}},
	{name: "reloads", invariant: "I8", says: "reloads under load lose and mix nothing",
		short: size{"500 reloads",
			"go test -count=1 -v ./tests/reload -run TestReload_DropsAndMixesNothing -reload.operations 25000 -reload.reloads 500", 15 * time.Second,
			least(count{"operations", 25_000}, count{"reloads", 500})},
		full: size{"10,000 under load",
			"go test -count=1 -v -timeout 1h ./tests/reload -run TestReload_DropsAndMixesNothing -reload.operations 500000 -reload.reloads 10000",
			30 * time.Second, least(count{"operations", 500_000}, count{"reloads", 10_000})},
		read:   regexp.MustCompile(`(?P<operations>\d+) operations, (?P<reloads>\d+) reloads: (?P<lost>\d+) lost, (?P<double>\d+) double, (?P<mixed>\d+) mixed`),
		bounds: zero("lost", "double", "mixed")},
	{name: "isolation", invariant: "I12", says: "one target in a hundred is killed a second, and no other notices",
		short: size{"100 targets, 0 foreign failures",
			"go run ./tests/measures -measure isolation -targets 100 -for 6s", 10 * time.Second,
			least(count{"operations", 1}, count{"kills", 1})},
		full: size{"1,000 targets, 0 foreign failures",
			"go run ./tests/measures -measure isolation -targets 1000 -for 2m", 2 * time.Minute,
			least(count{"operations", 1}, count{"kills", 1})},
		bounds: zero("foreign")},
	{name: "deadline", invariant: "I6", says: "callers are freed at their deadlines though functions ignore them",
		short: size{"synctest exact", "go test -count=1 ./tests/invariants -run TestI6", 5 * time.Second, nil},
		full:  size{"synctest exact", "go test -count=50 ./tests/invariants -run TestI6", 20 * time.Second, nil}},
	{name: "deadline_load", invariant: "I6", says: "the same with 10,000 under way, on the real clock",
		full:   size{"p99.9 <= 5 ms", "go run ./tests/measures -measure deadline -for 30s -gc=false", 40 * time.Second, nil},
		bounds: []bound{{name: "timed_p999_ms", most: 5, measured: true}, {name: "caller_p999_ms", most: 5, measured: true}}},
	{name: "deadline_gc", invariant: "I6", says: "the same while garbage is collected, which delays bare timers too",
		full: size{"p99.9 <= 5 ms beyond what a bare timer takes",
			"go run ./tests/measures -measure deadline -for 30s", 40 * time.Second, nil},
		bounds: []bound{{name: "timed_beyond_bare_ms", least: -math.MaxFloat64, most: 5, measured: true},
			{name: "caller_beyond_bare_ms", least: -math.MaxFloat64, most: 5, measured: true}}},
	{name: "subscribers", invariant: "I11", says: "a panicking and a blocked subscriber cost no more than two others",
		short:  size{"p99 changes < 5 %", "go run ./tests/measures -measure subscribers -for 8s", 12 * time.Second, nil},
		full:   size{"p99 changes < 5 %", "go run ./tests/measures -measure subscribers -for 60s", 65 * time.Second, nil},
		bounds: []bound{{name: "beside_well_ones_percent", least: -100, most: 5, measured: true}}},
	{name: "cycles", invariant: "I7, I13", says: "supervisors that come and go leave nothing",
		short: size{"1,000 cycles, 0 left",
			"go test -count=1 -v ./tests/growth -run TestCycles -growth.cycles 1000", 15 * time.Second,
			least(count{"cycles", 1_000})},
		full: size{"10,000 cycles, 0 left",
			"go test -count=1 -v -timeout 1h ./tests/growth -run TestCycles -growth.cycles 10000", 30 * time.Second,
			least(count{"cycles", 10_000})},
		bounds: zero("registry_entries_left")},
	{name: "soak", invariant: "I13", says: "ever new keys leave the heap flat",
		short: size{"100,000 keys", "go test -count=1 -v ./tests/growth -run TestSoak -growth.keys 100000", 10 * time.Second,
			least(count{"keys", 100_000})},
		full: size{"1,000,000 keys",
			"go test -count=1 -v -timeout 1h ./tests/growth -run TestSoak -growth.keys 1000000", 30 * time.Second,
			least(count{"keys", 1_000_000})},
		bounds: []bound{{name: "bytes_per_key", least: -math.MaxFloat64, most: 15}}},
}, fuzzed()...)

// fuzzed are the fuzz tests, of which the one of the waits is in every run.
func fuzzed() (all []proof) {
	executions := regexp.MustCompile(`execs: (?P<samples>\d+)`)
	all = append(all,
		proof{name: "waits", invariant: "I5", says: "no wait is out of bounds", read: executions,
			short: size{"fuzz 20 s", "go test -run ^$ -fuzz FuzzWait$ -fuzztime 20s ./policies/retry", 30 * time.Second,
				least(count{"samples", 1})},
			full: size{"fuzz 60 s", "go test -run ^$ -fuzz FuzzWait$ -fuzztime 60s ./policies/retry", 75 * time.Second,
				least(count{"samples", 1})}},
		proof{name: "sampled_waits", invariant: "I5", says: "nor is any of ten million that were drawn at random",
			full: size{"10,000,000 samples, 0 out of bounds",
				"go test -count=1 -v ./policies/retry -run TestSampledWaits -samples 10000000", 10 * time.Second,
				least(count{"samples", 10_000_000})},
			read:   regexp.MustCompile(`(?P<samples>\d+) samples, (?P<waits>\d+) waits, (?P<outside>\d+) out of bounds`),
			bounds: zero("outside")})
	for _, f := range []struct{ name, test, folder string }{
		{"fuzz_load", "FuzzLoad", "./policies/load"},
		{"fuzz_env", "FuzzEnv", "./policies/load"},
		{"fuzz_duration", "FuzzDuration", "./policies/load"},
		{"fuzz_names", "FuzzTargetName", "./policies"},
		{"fuzz_seconds", "FuzzRetryAfterSeconds", "./policies/classify"},
		{"fuzz_headers", "FuzzHeaderDelay", "./policies/classify"},
		{"fuzz_status", "FuzzStatusError", "./policies/classify"},
		{"fuzz_grpc", "FuzzGRPCStatus", "./policies/classify"},
		{"fuzz_lookup", "FuzzLookup", "./policies/classify"},
		{"fuzz_windows", "FuzzRestoreReadsAnyWindow", "./policies/breaker"},
		{"fuzz_keys", "FuzzKeys", "./supervisor"},
		{"fuzz_memory", "FuzzMemory", "./supervisor"},
		{"fuzz_memories", "FuzzMemories", "./supervisor"},
		{"fuzz_events", "FuzzEvents", "./integrations/llm"},
		{"fuzz_errors", "FuzzReadError", "./integrations/llm"},
	} {
		all = append(all, proof{name: f.name, invariant: "all", says: "no input is too strange", read: executions,
			full: size{"60 s", "go test -run ^$ -fuzz " + f.test + "$ -fuzztime 60s " + f.folder, 75 * time.Second, least(count{"samples", 1})}})
	}
	return all
}
