package model_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies/breaker"
)

// place is a state, and ramping apart from closed.
func (r *reference) place() string {
	if r.ramp().on {
		return "ramping"
	}
	return r.state().String()
}

// possible is every step that there is: from a state, by an operation, to each
// of the states behind the arrow, where "=" is the same one. R26
const possible = `
admit        closed         = | ramping = | open = | half_open = | forced_open = | forced_closed = | disabled =
success      closed         = open
success      ramping        = open
success      half_open      = open closed ramping
success      forced_closed  = | disabled =
successes    closed         = open | forced_closed = | disabled =
failure      closed         = open
failure      ramping        = open
failure      half_open      open
failure      forced_closed  = | disabled =
ignored      closed         = | ramping = | half_open = | forced_closed = | disabled =
throttled    closed         = | ramping = | half_open = | forced_closed = | disabled =
unknown      closed         = | ramping = | half_open = | forced_closed = | disabled =
walled       closed         open | ramping open | half_open open
walled       forced_closed  = | disabled =
stale        closed         = | ramping = | open = | half_open = | forced_open = | forced_closed = | disabled =
tick         closed         =
tick         ramping        = closed
tick         open           = half_open
tick         half_open      = open
tick         forced_open    = half_open
tick         forced_closed  = | disabled =
trip         closed         open | ramping open | half_open open
trip         open           = | forced_open = | forced_closed = | disabled =
force open   closed         forced_open | ramping forced_open | open forced_open | half_open forced_open
force open   forced_open    = | forced_closed forced_open | disabled forced_open
force close  closed         forced_closed | ramping forced_closed | open forced_closed | half_open forced_closed
force close  forced_open    forced_closed | forced_closed = | disabled forced_closed
disable      closed         disabled | ramping disabled | open disabled | half_open disabled
disable      forced_open    disabled | forced_closed disabled | disabled =
reset        closed         = disabled
reset        ramping        closed disabled
reset        open           closed disabled
reset        half_open      closed disabled
reset        forced_open    closed disabled
reset        forced_closed  closed disabled
reset        disabled       = closed
configure    closed         = disabled
configure    ramping        = closed disabled
configure    open           = disabled
configure    half_open      = disabled
configure    forced_open    = disabled
configure    forced_closed  = disabled
configure    disabled       = closed
restore      closed         = disabled
restore      ramping        closed disabled
restore      open           = disabled
restore      half_open      = disabled
restore      forced_open    = disabled
restore      forced_closed  = disabled
restore      disabled       = closed
capacity     closed         = | open = | half_open = | forced_open = | forced_closed = | disabled =
capacity     ramping        = closed
`

// coverage counts how often each step was taken.
type coverage struct {
	steps map[string]int
	all   int
}

func newCoverage() *coverage {
	c := &coverage{steps: map[string]int{}}
	for line := range strings.Lines(strings.TrimSpace(possible)) {
		operation := strings.TrimSpace(line[:13])
		for part := range strings.SplitSeq(line[13:], "|") {
			words := strings.Fields(part)
			for _, to := range words[1:] {
				if to == "=" {
					to = words[0]
				}
				c.steps[name(words[0], operation, to)] = 0
			}
		}
	}
	return c
}

func name(from, operation, to string) string { return fmt.Sprintf("%s, %s -> %s", from, operation, to) }

func (c *coverage) note(from, operation, to string) {
	step := name(from, operation, to)
	if _, ok := c.steps[step]; !ok {
		panic("R26: there is no such step: " + step)
	}
	c.steps[step]++
	c.all++
}

// enough is the number of programs from which on each step must have been taken.
const enough = 10_000

func (c *coverage) report(t *testing.T) {
	missing := slices.DeleteFunc(slices.Sorted(maps.Keys(c.steps)), func(step string) bool { return c.steps[step] > 0 })
	programs, _ := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	rarest := slices.MinFunc(slices.Collect(maps.Keys(c.steps)), func(a, b string) int { return c.steps[a] - c.steps[b] })
	if !t.Failed() {
		t.Logf("%d programs, %d operations, %d of %d transitions seen, 0 differences; the rarest %d times: %s",
			programs, c.all, len(c.steps)-len(missing), len(c.steps), c.steps[rarest], rarest)
	}
	if programs >= enough && !t.Failed() {
		assert.Empty(t, missing, "steps that no program took")
	}
}

// R26. If it failed, the table of steps would allow a change of state that the
// requirements have not.
func TestTheTableHasEveryState(t *testing.T) {
	states := map[string]bool{}
	for step := range newCoverage().steps {
		from, _, _ := strings.Cut(step, ",")
		states[from] = true
	}
	for s := breaker.Closed; s <= breaker.Disabled; s++ {
		assert.True(t, states[s.String()], s.String())
	}
	assert.Len(t, states, 7)
}
