package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// configured is a supervisor with the policies of a YAML text.
func configured(yaml string, options ...supervisor.Option) *supervisor.Supervisor {
	set, err := load.Load(load.Bytes("example.yaml", load.YAML, []byte(yaml)))
	if err != nil {
		panic(err)
	}
	sup, err := supervisor.New(set, options...)
	if err != nil {
		panic(err)
	}
	return sup
}

// A function that ignores its context is left behind, and its caller is free.
func Example_attemptTimeout() {
	sup := configured(`
targets:
  browser: {retry_policy: {attempt_timeout: 20ms, max_attempts: 1}, pool: {max_abandoned: 10}}`)
	defer sup.Shutdown(context.Background())

	hang := make(chan struct{})
	_, err := supervisor.Do(context.Background(), sup, "browser", func(context.Context) (string, error) {
		<-hang
		return "", nil
	})
	var timeout *supervisor.AttemptTimeoutError
	fmt.Println(errors.As(err, &timeout), timeout)
	fmt.Println("still running:", sup.Snapshot().Targets[0].StillRunning)
	close(hang)
	// Output:
	// true the attempt on "browser" took longer than attempt_timeout, 20ms, and was left behind
	// still running: 1
}

// A pool of one: what is urgent goes first, and what there is no room for is
// refused.
func Example_bulkhead() {
	sup := configured(`
targets:
  printer: {pool: {workers: 1, max_pending: 2, max_queue_wait: 1m}}`)
	defer sup.Shutdown(context.Background())

	ctx := context.Background()
	begun, end := make(chan struct{}), make(chan struct{})
	running := supervisor.Go(ctx, sup, "printer", func(context.Context) (int, error) {
		close(begun)
		<-end
		return 0, nil
	})
	<-begun
	print := func(text string, p supervisor.Priority) *supervisor.Future[int] {
		return supervisor.Go(supervisor.WithPriority(ctx, p), sup, "printer", func(context.Context) (int, error) {
			fmt.Println("printing", text)
			return 0, nil
		})
	}
	report := print("a report", supervisor.PriorityLow)
	invoice := print("an invoice", supervisor.PriorityHigh)
	_, err := print("a picture", supervisor.PriorityNormal).Wait(ctx)
	fmt.Println(errors.Is(err, supervisor.ErrOverloaded))
	close(end)
	for _, f := range []*supervisor.Future[int]{running, report, invoice} {
		_, _ = f.Wait(ctx)
	}
	// Output:
	// true
	// printing an invoice
	// printing a report
}

// No more than so many attempts a second: the rest wait their turn, or are told
// when to come again.
func Example_rateLimit() {
	sup := configured(`
targets:
  search: {rate_limit: {rate: 0.001, burst: 2, when_exceeded: refuse}}`)
	defer sup.Shutdown(context.Background())

	for range 3 {
		_, err := supervisor.Do(context.Background(), sup, "search", func(context.Context) (string, error) { return "", nil })
		var limited *supervisor.RateLimitError
		if errors.As(err, &limited) {
			fmt.Println("come again in about", limited.RetryAfter.Round(time.Minute))
			continue
		}
		fmt.Println("asked")
	}
	// Output:
	// asked
	// asked
	// come again in about 17m0s
}

// A server that asks one caller to be left alone is left alone by all.
func Example_serverPacing() {
	sup := configured(`
targets:
  model: {retry_policy: {max_attempts: 1}, rate_limit: {when_exceeded: refuse}}`)
	defer sup.Shutdown(context.Background())

	_, err := supervisor.Do(context.Background(), sup, "model", func(context.Context) (string, error) {
		return "", classify.RetryableAfter(errors.New("slow down"), 30*time.Second)
	})
	fmt.Println(err)
	_, err = supervisor.Do(context.Background(), sup, "model", func(context.Context) (string, error) { return "not called", nil })
	var limited *supervisor.RateLimitError
	fmt.Println(errors.As(err, &limited), limited.Paused, limited.RetryAfter.Round(time.Second))
	// Output:
	// operation on "model" failed after 1 attempt (max_attempts): slow down
	// true true 30s
}

// Model A, then model B, each guarded by its own breaker, then a canned answer.
func Example_fallback() {
	sup := configured(`
targets:
  model_a: {fallback: {target: model_b}, retry_policy: {max_attempts: 1}}
  model_b: {retry_policy: {max_attempts: 1}}`)
	defer sup.Shutdown(context.Background())

	down := map[string]bool{"model_a": true}
	answer := func(ctx context.Context) (string, error) {
		attempt, _ := supervisor.CurrentAttempt(ctx)
		if down[attempt.Target] {
			return "", classify.Retryable(errors.New("overloaded"))
		}
		return "an answer of " + attempt.Target, nil
	}
	sorry := supervisor.FallbackValue("sorry, nobody is there")
	text, _ := supervisor.Do(context.Background(), sup, "model_a", answer, sorry)
	fmt.Println(text)
	down["model_b"] = true
	text, _ = supervisor.Do(context.Background(), sup, "model_a", answer, sorry)
	fmt.Println(text)
	_, err := supervisor.Do(context.Background(), sup, "model_a", answer)
	var all *supervisor.FallbackError
	fmt.Println(errors.As(err, &all), all.Targets)
	// Output:
	// an answer of model_b
	// sorry, nobody is there
	// true [model_a model_b]
}

// A second attempt begins beside one that takes long; the first outcome wins.
func Example_hedge() {
	sup := configured(`
targets:
  quotes: {hedge: {delay: 5ms}}`)
	defer sup.Shutdown(context.Background())

	text, err := supervisor.Do(context.Background(), sup, "quotes", func(ctx context.Context) (string, error) {
		attempt, _ := supervisor.CurrentAttempt(ctx)
		if attempt.Number == 1 {
			<-ctx.Done() // a replica that does not answer
			return "", ctx.Err()
		}
		return "from attempt 2", nil
	}, supervisor.Idempotent())
	fmt.Println(text, err)
	// Output: from attempt 2 <nil>
}

// A target whose workers are restarted too often is stopped, until somebody
// starts it again.
func Example_restartIntensity() {
	sup := configured(`
targets:
  browser:
    retry_policy: {max_attempts: 3, min_wait: 0, max_wait: 0}
    restart: {max_restarts: 1, within: 1m, exceeded: stop_target}`)
	defer sup.Shutdown(context.Background())

	crash := func(context.Context) (int, error) { panic("no display") }
	_, err := supervisor.Do(context.Background(), sup, "browser", crash)
	fmt.Println(err)
	_, err = supervisor.Do(context.Background(), sup, "browser", crash)
	fmt.Println(errors.Is(err, supervisor.ErrTargetStopped))
	fmt.Println(sup.Target("browser").Start())
	// Output:
	// operation on "browser" failed after 2 attempts (target_stopped): the target was stopped; Target.Start starts it again: the function panicked: no display
	// true
	// <nil>
}

// Retries of a target of which none succeeds are not made any more.
func Example_adaptiveRetry() {
	sup := configured(`
targets:
  legacy:
    retry_policy: {max_attempts: 2, min_wait: 0, max_wait: 0}
    circuit_breaker: {failure_threshold: never}
    adaptive_retry: {enabled: true, min_success: 0.2}`)
	defer sup.Shutdown(context.Background())

	calls := 0
	for range 30 {
		_, err := supervisor.Do(context.Background(), sup, "legacy", func(context.Context) (int, error) {
			calls++
			return 0, classify.Retryable(errors.New("no"))
		})
		var unlikely *supervisor.UnlikelyError
		if errors.As(err, &unlikely) {
			fmt.Println(unlikely)
			break
		}
	}
	fmt.Println(calls < 40)
	// Output:
	// attempt 2 of a target that is ill succeeds 0 % of the time, at best 20 % (11 known); adaptive_retry.min_success is 20 %
	// true
}
