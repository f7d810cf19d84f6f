package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// refused is what a call to a service that is down gives.
var refused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

// The shortest way: a file of policies, a supervisor, a call.
func Example() {
	set, err := load.Load(load.File("testdata/agent_config.json"))
	if err != nil {
		fmt.Println(err)
		return
	}
	sup, err := supervisor.New(set)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sup.Shutdown(context.Background())

	quote, err := supervisor.Do(context.Background(), sup, "weather_api",
		func(ctx context.Context) (string, error) {
			a, _ := supervisor.CurrentAttempt(ctx)
			if a.Number < 3 {
				return "", refused // the first two attempts meet a service that is down
			}
			return fmt.Sprintf("12 degrees, on attempt %d of %d", a.Number, a.MaxAttempts), nil
		})
	fmt.Println(quote, err)
	// Output: 12 degrees, on attempt 3 of 5 <nil>
}

// quick is a set with one target that retries without waiting.
func quick() *policies.Set {
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = 0, 0
	p.Breaker.FailureThreshold = 3
	set, err := policies.NewSet(map[string]policies.Policy{"payments": p, "browser": p})
	if err != nil {
		panic(err)
	}
	return set
}

// Errors say whether a call was made, and reach the function's own error.
func ExampleDo_errors() {
	sup, _ := supervisor.New(quick())
	defer sup.Shutdown(context.Background())
	pay := func(context.Context) (int, error) { return 0, refused }

	_, err := supervisor.Do(context.Background(), sup, "payments", pay)
	var exhausted *supervisor.ExhaustedError
	fmt.Println(errors.As(err, &exhausted), exhausted.Attempts, exhausted.Reason)
	fmt.Println(errors.Is(err, syscall.ECONNREFUSED))

	_, err = supervisor.Do(context.Background(), sup, "payments", pay)
	var open *supervisor.OpenError
	fmt.Println(errors.As(err, &open), open.Name, open.RetryAfter() > 0)
	// Output:
	// true 3 breaker_open
	// true
	// true payments true
}

// Go does not wait.
func ExampleGo() {
	sup, _ := supervisor.New(quick())
	defer sup.Shutdown(context.Background())

	f := supervisor.Go(context.Background(), sup, "payments",
		func(context.Context) (string, error) { return "paid", nil })
	fmt.Println(f.Wait(context.Background()))
	// Output: paid <nil>
}

// Wrap keeps the shape of a function.
func ExampleWrap() {
	sup, _ := supervisor.New(quick())
	defer sup.Shutdown(context.Background())

	charge := func(_ context.Context, cents int) (string, error) { return fmt.Sprintf("charged %d", cents), nil }
	charge = supervisor.Wrap(sup, "payments", charge)
	fmt.Println(charge(context.Background(), 995))
	// Output: charged 995 <nil>
}

// Subscribe shows what happens as typed events.
func ExampleSupervisor_Subscribe() {
	sup, _ := supervisor.New(quick())
	sub := sup.Subscribe(func(e actors.Event) {
		if e, ok := e.(actors.BreakerChanged); ok {
			fmt.Println(e.Target, e.Transition.From, "->", e.Transition.To, e.Transition.Reason)
		}
	})
	_, _ = supervisor.Do(context.Background(), sup, "payments",
		func(context.Context) (int, error) { return 0, refused })
	sup.Breaker("payments").Reset()

	_ = sup.Shutdown(context.Background()) // delivers what is queued
	fmt.Println("dropped:", sub.Dropped())
	// Output:
	// payments closed -> open consecutive_failures
	// payments open -> closed reset
	// dropped: 0
}

// session is a worker with state.
type session struct{ id int }

func (s *session) Handle(_ context.Context, payload any) (any, error) {
	if s.id == 1 {
		panic("the tab crashed")
	}
	return fmt.Sprintf("%v in session %d", payload, s.id), nil
}

func (s *session) Close() error { return nil }

// A worker with state is renewed when it fails, and its operation is given to
// the fresh one.
func ExampleWithWorker() {
	sessions := 0
	sup, _ := supervisor.New(quick(), supervisor.WithWorker("browser", func(context.Context) (actors.Worker, error) {
		sessions++
		return &session{id: sessions}, nil
	}))
	defer sup.Shutdown(context.Background())

	page, err := supervisor.Ask[string](context.Background(), sup, "browser", "example.com")
	fmt.Println(page, err)
	// Output: example.com in session 2 <nil>
}

// Other actors send operations as messages and get one *actors.Result each.
func Example_message() {
	system := actors.NewSystem() // yours
	sup, _ := supervisor.New(quick(), supervisor.WithSystem(system))
	done := make(chan string)
	payments := sup.PID("payments")

	system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *actor.Started:
			c.Request(payments, &actors.Operation{
				Run: func(context.Context) (any, error) { return "paid", nil },
				Tag: "invoice 7",
			})
		case *actors.Result:
			done <- fmt.Sprint(m.Tag, ": ", m.Value, " ", m.Err)
		}
	}))
	fmt.Println(<-done)
	_ = sup.Shutdown(context.Background())
	system.Shutdown()
	// Output: invoice 7: paid <nil>
}

// Parked operations wait, without goroutine or worker, for the breaker.
func ExampleParkWhenOpen() {
	sup, _ := supervisor.New(quick())
	defer sup.Shutdown(context.Background())
	sup.Breaker("payments").ForceOpenFor(50 * time.Millisecond)

	fmt.Println(supervisor.Do(context.Background(), sup, "payments",
		func(context.Context) (string, error) { return "paid after the outage", nil },
		supervisor.ParkWhenOpen()))
	// Output: paid after the outage <nil>
}
