//go:build unix

package clock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/leaks"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// sceneEnv has the test's binary play a scene in place of the tests.
const sceneEnv = "HOLDFAST_CLOCK_SCENE"

func TestMain(m *testing.M) {
	if name := os.Getenv(sceneEnv); name != "" {
		play(name)
		return
	}
	leaks.Main(m)
}

// The scenes' times. What is due comes due while the process is stopped.
const (
	due     = 300 * time.Millisecond
	stopped = 3 * due
)

var errTemp = classify.Retryable(errors.New("clock: a failure"))

// scene is what a process does that is stopped in its middle. It calls ready when
// it waits for something, and gives a line for each decision.
type scene struct {
	name string
	play func(ready func(), say func(format string, args ...any))
	// want are the lines, the same whether the process is stopped or not.
	want []string
}

// late says that a decision that was due did not come before its time, whatever
// the process missed.
func late(since time.Time, due time.Duration) string {
	if d := time.Since(since); d < due {
		return fmt.Sprintf("after %s, before its time", d)
	}
	return "not before its time"
}

var scenes = []scene{
	{"backoff", func(ready func(), say func(string, ...any)) {
		sup := start(func(p *policies.Policy) {
			p.Retry.MinWait, p.Retry.MaxWait, p.Retry.Jitter = due, due, policies.JitterNone
		})
		n := 0
		var failed time.Time
		_, err := supervisor.Do(context.Background(), sup, "x", func(context.Context) (int, error) {
			if n++; n < 3 {
				if n == 1 {
					ready()
				}
				say("attempt %d fails", n)
				failed = time.Now()
				return 0, errTemp
			}
			say("attempt %d %s", n, late(failed, due))
			return n, nil
		})
		say("outcome %v after %d attempts", err, n)
		end(sup, say)
	}, []string{"attempt 1 fails", "attempt 2 fails", "attempt 3 not before its time", "outcome <nil> after 3 attempts", "shut down <nil>"}},

	{"open", func(ready func(), say func(string, ...any)) {
		sup := start(func(p *policies.Policy) { p.Retry.Enabled, p.Breaker.RecoveryTimeout = false, due })
		call := func(fn func(context.Context) (int, error)) error {
			_, err := supervisor.Do(context.Background(), sup, "x", fn)
			return err
		}
		opened := time.Now()
		_ = call(func(context.Context) (int, error) { return 0, errTemp })
		say("breaker %s", sup.Breaker("x").State())
		ready()
		// Parked until the breaker lets a probe through.
		_, err := supervisor.Do(context.Background(), sup, "x", func(context.Context) (int, error) {
			say("probe %s", late(opened, due))
			return 1, nil
		}, supervisor.ParkWhenOpen())
		say("outcome %v, breaker %s", err, sup.Breaker("x").State())
		end(sup, say)
	}, []string{"breaker open", "probe not before its time", "outcome <nil>, breaker closed", "shut down <nil>"}},

	{"lease", func(ready func(), say func(string, ...any)) {
		sup := start(func(p *policies.Policy) {
			p.Retry.Enabled, p.Breaker.RecoveryTimeout, p.Breaker.MaxRecoveryTimeout, p.Breaker.ProbeLease = false, time.Hour, 2*time.Hour, due
		})
		sup.Breaker("x").ForceOpenFor(time.Millisecond)
		release := make(chan struct{})
		begun := make(chan struct{})
		f := supervisor.Go(context.Background(), sup, "x", func(context.Context) (int, error) {
			close(begun)
			<-release
			return 1, nil
		}, supervisor.ParkWhenOpen())
		<-begun
		say("a probe runs, breaker %s", sup.Breaker("x").State())
		ready()
		for granted := time.Now(); sup.Breaker("x").State() == breaker.HalfOpen && time.Since(granted) < 30*time.Second; {
			<-time.After(due / 30) // both clocks may be due when the process goes on
		}
		say("its lease is over, breaker %s", sup.Breaker("x").State())
		close(release)
		_, err := f.Wait(context.Background())
		say("outcome %v, breaker %s", err, sup.Breaker("x").State())
		end(sup, say)
	}, []string{"a probe runs, breaker half_open", "its lease is over, breaker open", "outcome <nil>, breaker open", "shut down <nil>"}},

	{"attempt", func(ready func(), say func(string, ...any)) {
		sup := start(func(p *policies.Policy) {
			p.Retry.AttemptTimeout, p.Retry.MaxAttempts = due, 2
			p.Retry.MinWait, p.Retry.MaxWait = 0, 0
		})
		n, began := 0, time.Time{}
		_, err := supervisor.Do(context.Background(), sup, "x", func(ctx context.Context) (int, error) {
			if n++; n == 1 {
				until, _ := ctx.Deadline()
				began = until.Add(-due)
				ready()
				<-ctx.Done()
				return 0, ctx.Err()
			}
			say("attempt 2 %s", late(began, due))
			return n, nil
		})
		say("outcome %v after %d attempts", err, n)
		end(sup, say)
	}, []string{"attempt 2 not before its time", "outcome <nil> after 2 attempts", "shut down <nil>"}},

	{"deadline", func(ready func(), say func(string, ...any)) {
		sup := start(func(p *policies.Policy) { p.Retry.MinWait, p.Retry.MaxWait = time.Hour, time.Hour })
		began, n := time.Now(), 0
		ctx, cancel := context.WithDeadline(context.Background(), began.Add(due))
		defer cancel()
		hold := make(chan struct{})
		f := supervisor.Go(ctx, sup, "x", func(context.Context) (int, error) { n++; ready(); <-hold; return 1, nil })
		_, err := f.Wait(context.Background())
		say("freed %s, deadline %t", late(began, due), errors.Is(err, context.DeadlineExceeded))
		close(hold)
		end(sup, say)
	}, []string{"freed not before its time, deadline true", "shut down <nil>"}},
}

func start(edit func(*policies.Policy)) *supervisor.Supervisor {
	p := policies.Default(policies.API)
	p.Breaker.FailureThreshold, p.Breaker.RecoveryJitter, p.Breaker.SuccessThreshold = 1, 0, 1
	edit(&p)
	if p.Retry.Enabled {
		p.Breaker.Enabled = false
	}
	set, err := policies.NewSet(map[string]policies.Policy{"x": p})
	if err != nil {
		panic(err)
	}
	sup, err := supervisor.New(set)
	if err != nil {
		panic(err)
	}
	return sup
}

func end(sup *supervisor.Supervisor, say func(string, ...any)) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	say("shut down %v", sup.Shutdown(ctx))
}

// play is the process that is stopped: it says "ready" where that is to be, and
// goes on when it reads a line.
func play(name string) {
	in := bufio.NewReader(os.Stdin)
	for _, s := range scenes {
		if s.name == name {
			s.play(func() {
				fmt.Println("ready")
				if _, err := in.ReadString('\n'); err != nil {
					os.Exit(1)
				}
			}, func(format string, args ...any) { fmt.Printf(format+"\n", args...) })
			return
		}
	}
	os.Exit(2)
}

// Broken: a process that was stopped, as a laptop that was closed or a container
// that was frozen, decides otherwise than one that was not: an operation is lost,
// a wait cut short, a lease or a deadline forgotten.
func TestSuspend_ChangesNoDecision(t *testing.T) {
	for _, s := range scenes {
		for _, stops := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stopped %t", s.name, stops), func(t *testing.T) {
				t.Parallel()
				require.Equal(t, s.want, watch(t, s.name, stops))
			})
		}
	}
}

// watch has a process play a scene, stops it in its middle if need be, and gives
// its lines.
func watch(t *testing.T, name string, stops bool) (lines []string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), sceneEnv+"="+name)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		if scanner.Text() != "ready" {
			lines = append(lines, scanner.Text())
			continue
		}
		_, err := io.WriteString(in, "go on\n")
		require.NoError(t, err)
		if stops {
			<-time.After(due / 10) // it has begun to wait, or will when it goes on
			require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
			<-time.After(stopped)
			require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
		}
	}
	require.NoError(t, cmd.Wait())
	return lines
}
