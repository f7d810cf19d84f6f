package model_test

import (
	"testing"

	"pgregory.net/rapid"
)

// R1 to R26. If it failed, the machine would not do what the requirements say: the
// program that is printed shows where.
func TestTheMachineEqualsItsModel(t *testing.T) {
	seen := newCoverage()
	rapid.Check(t, func(rt *rapid.T) {
		p := newProgram(rt, seen)
		step := func(do func(*program)) func(*rapid.T) { return func(*rapid.T) { do(p) } }
		rare := func(n int, do func(*program)) func(*rapid.T) {
			return func(t *rapid.T) {
				if !p.rarely(n, "rarely") {
					t.Skip("or nothing else gets anywhere")
				}
				do(p)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"":              step((*program).agree),
			"admit":         step((*program).admit),
			"settle":        step((*program).settle),
			"settle again":  rare(1, (*program).settleAgain),
			"call":          step((*program).call),
			"call 2":        step((*program).call),
			"call 3":        step((*program).call),
			"pass":          step((*program).pass),
			"tick":          step((*program).tick),
			"tick when due": step((*program).tickWhenDue),
			"recover":       rare(1, (*program).recover),
			"trip":          rare(2, (*program).trip),
			"by hand":       rare(3, (*program).byHand),
			"configure":     rare(2, (*program).configure),
			"restore":       rare(3, (*program).restore),
			"capacity":      rare(2, (*program).resize),
			"refuse":        rare(3, (*program).refuse),
			"successes":     step((*program).record),
			"thin":          rare(1, (*program).thin),
			"late ones":     rare(3, (*program).recordLate),
		})
	})
	seen.report(t)
}
