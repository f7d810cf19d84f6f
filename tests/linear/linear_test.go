package linear

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

var (
	histories  = flag.Int("linear.histories", 100, "how many histories are recorded")
	operations = flag.Int("linear.operations", 600, "how many operations each has")
	seed       = flag.Uint64("linear.seed", 1, "what the callers do is drawn from it; how they meet is not")
)

// window is after how many operations the callers meet, so that the check has a
// known state to begin with and comes to an end.
const window = 300

// tooLong is when a check is given up, which is a failure: nothing was shown. It
// is many times what one takes.
const tooLong = 2 * time.Minute

// Broken: a call is let through by a breaker that another caller has seen open,
// an outcome is lost or counts twice, a caller's next call does not see its own.
func TestBreaker_IsLinearizable(t *testing.T) {
	p := policies.Default(policies.API)
	p.Retry.MaxAttempts = 1
	p.Breaker.FailureThreshold, p.Breaker.HalfOpenMaxCalls, p.Breaker.SuccessThreshold = threshold, probes, enough
	p.Breaker.RecoveryTimeout, p.Breaker.MaxRecoveryTimeout, p.Breaker.ProbeLease = 24*time.Hour, 24*time.Hour, 24*time.Hour
	random := rand.New(rand.NewPCG(*seed, 0))
	began, steps := time.Now(), 0
	for h := range *histories {
		set, err := policies.NewSet(map[string]policies.Policy{"x": p})
		require.NoError(t, err)
		sup, err := supervisor.New(set)
		require.NoError(t, err)
		for n := *operations; n > 0; n -= window {
			history := record(sup, "x", min(n, window), random)
			steps += len(history)
			require.Equal(t, porcupine.Ok, porcupine.CheckOperationsTimeout(model, history, tooLong), "history %d:\n%s", h, text(history))
		}
		require.NoError(t, sup.Shutdown(context.Background()))
	}
	fmt.Printf("%d histories of %d operations, %d steps, in %s\n", *histories, *operations, steps, time.Since(began).Round(time.Millisecond))
}

// text is a history for people.
func text(history []porcupine.Operation) string {
	var b strings.Builder
	for _, o := range history {
		fmt.Fprintf(&b, "%d-%d %+v %v\n", o.Call, o.Return, o.Input, o.Output)
	}
	return b.String()
}

// Broken: the model lets everything pass, and the test above shows nothing.
func TestModel_TellsWrongHistories(t *testing.T) {
	type s struct {
		action action
		answer string
	}
	trip := []s{{enter, admitted}, {settleFailed, ""}, {enter, admitted}, {settleFailed, ""}, {enter, admitted}, {settleFailed, ""}}
	for name, c := range map[string]struct {
		steps []s
		want  porcupine.CheckResult
	}{
		"refused by a closed one":       {[]s{{enter, refused}}, porcupine.Illegal},
		"let through by an open one":    {append(trip[:6:6], s{enter, admitted}), porcupine.Illegal},
		"refused by an open one":        {append(trip[:6:6], s{enter, refused}, s{read, "open"}), porcupine.Ok},
		"open too early":                {append(trip[:4:4], s{enter, refused}), porcupine.Illegal},
		"let through by a forced one":   {[]s{{forceOpen, ""}, {enter, admitted}}, porcupine.Illegal},
		"it probes at once or soon":     {[]s{{forceProbing, ""}, {read, "forced_open"}, {enter, admitted}, {read, "half_open"}}, porcupine.Ok},
		"it does not probe and unsay":   {[]s{{forceProbing, ""}, {enter, admitted}, {read, "forced_open"}}, porcupine.Illegal},
		"a probe that fails opens it":   {[]s{{forceProbing, ""}, {enter, admitted}, {settleFailed, ""}, {read, "half_open"}}, porcupine.Illegal},
		"two probes close it":           {[]s{{forceProbing, ""}, {enter, admitted}, {settleOK, ""}, {enter, admitted}, {settleOK, ""}, {read, "closed"}}, porcupine.Ok},
		"one probe does not":            {[]s{{forceProbing, ""}, {enter, admitted}, {settleOK, ""}, {read, "closed"}}, porcupine.Illegal},
		"an outcome from before":        {[]s{{enter, admitted}, {reset, ""}, {settleFailed, ""}, {enter, admitted}, {settleFailed, ""}, {enter, admitted}, {settleFailed, ""}, {read, "open"}}, porcupine.Illegal},
		"a success in between":          {append(trip[:4:4], s{enter, admitted}, s{settleOK, ""}, s{enter, admitted}, s{settleFailed, ""}, s{read, "open"}), porcupine.Illegal},
		"refused for another reason":    {[]s{{forceOpen, ""}, {enter, "refused with something"}}, porcupine.Illegal},
		"forced closed, it never trips": {append([]s{{forceClose, ""}}, append(trip[:6:6], s{read, "forced_closed"})...), porcupine.Ok},
	} {
		var history []porcupine.Operation
		for i, s := range c.steps {
			history = append(history, porcupine.Operation{Input: step{0, s.action}, Output: s.answer, Call: int64(2 * i), Return: int64(2*i + 1)})
		}
		require.Equal(t, c.want, porcupine.CheckOperationsTimeout(model, history, tooLong), name)
	}
}
