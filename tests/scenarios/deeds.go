package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Results are what an attempt can come to, besides "http." and a status.
var Results = []string{
	"ok", "temp", "plain", "permanent", "ignored", "no_effect", "wall",
	"panic", "nil_panic", "error_panic", "bad_panic", "goexit", "bad_error", "exit_error",
	"hang", "canceled", "inner",
}

func known(result string) bool {
	if status, ok := strings.CutPrefix(result, "http."); ok {
		n, err := strconv.Atoi(status)
		return err == nil && n >= 400 && n < 600
	}
	return slices.Contains(Results, result)
}

// The errors that attempts fail with.
var (
	ErrTemp    = errors.New("temporary failure")
	ErrPlain   = errors.New("plain failure")
	ErrQuota   = errors.New("the quota is used up")
	errRetried = classify.Retryable(ErrTemp)
	errAside   = classify.Ignore(ErrPlain)
	errForGood = backoff.Permanent(ErrPlain)
	errUndone  = classify.NoEffect(ErrTemp)
)

// badError is an error whose methods panic.
type badError struct{}

func (badError) Error() string   { panic("Error of a bad error") }
func (badError) Is(error) bool   { panic("Is of a bad error") }
func (badError) Retryable() bool { panic("Retryable of a bad error") }

// exitError is an error whose methods end the goroutine.
type exitError struct{}

func (exitError) Error() string { return "an error whose Is ends the goroutine" }
func (exitError) Is(error) bool { runtime.Goexit(); return false }

// run does one attempt of an operation.
func (s *Stage) run(ctx context.Context, op *Op) (value int, err error) {
	a := s.ledger.begin(ctx, op)
	s.noteAttempt(a, "on %s begins", a.Info.Target)
	how := "exit"
	defer func() {
		recovered := recover()
		if recovered != nil {
			how = "panic"
		}
		s.ledger.end(a, how, err)
		if recovered != nil || how == "exit" {
			s.noteAttempt(a, "ends: %s", how)
		} else {
			s.noteAttempt(a, "ends: %s", a.Deed.told(err))
		}
		if recovered != nil {
			panic(recovered)
		}
	}()
	if a.Deed.Cost > 0 {
		supervisor.ReportCost(ctx, a.Deed.Cost)
	}
	value, err = s.act(ctx, a)
	if how = "ok"; err != nil {
		how = "error"
		value = 0
	} else if a.Deed.Late != "" {
		s.settleLater(ctx, a.Deed)
	}
	return value, err
}

// told is how an attempt's end reads, without a call of the error's methods.
func (d Deed) told(err error) string {
	switch {
	case err == nil:
		return "ok"
	case d.Result == "bad_error":
		return "an error whose methods panic"
	}
	return firstLine(err)
}

func (s *Stage) settleLater(ctx context.Context, d Deed) {
	settle := supervisor.SettleLater(ctx)
	if settle == nil {
		s.ledger.wrong("SettleLater within an attempt gave nothing")
		return
	}
	time.AfterFunc(d.LateAfter, func() {
		if d.Late == "ok" {
			settle(nil)
			return
		}
		settle(errRetried)
	})
}

// act takes its time, asks for what is within, and comes to the result.
func (s *Stage) act(ctx context.Context, a *Attempt) (int, error) {
	if err := s.spend(ctx, a.Deed); err != nil {
		return 0, err
	}
	var inner error
	for _, call := range a.Deed.Within {
		_, inner = s.operate(ctx, call, a)
	}
	if a.Deed.Result == "inner" {
		return a.Value, inner
	}
	return a.Value, s.result(ctx, a.Deed)
}

// spend lets the deed's time pass, unless the context ends before.
func (s *Stage) spend(ctx context.Context, d Deed) error {
	left := ctx.Done()
	if d.Deaf {
		left = nil
	}
	if d.Takes > 0 {
		select {
		case <-time.After(d.Takes):
		case <-left:
			return ctx.Err()
		}
	}
	if d.Result == "hang" {
		select {
		case <-s.release:
			return ErrPlain
		case <-left:
			return ctx.Err()
		}
	}
	return nil
}

// result is what the deed comes to in the end.
func (s *Stage) result(ctx context.Context, d Deed) error {
	if status, ok := strings.CutPrefix(d.Result, "http."); ok {
		return httpError(status, d.After)
	}
	switch d.Result {
	case "ok":
		return nil
	case "temp":
		if d.After > 0 {
			return classify.RetryableAfter(ErrTemp, d.After)
		}
		return errRetried
	case "plain":
		return ErrPlain
	case "permanent":
		return errForGood
	case "ignored":
		return errAside
	case "no_effect":
		return errUndone
	case "wall":
		if d.After > 0 {
			return classify.Wall(ErrQuota, time.Now().Add(d.After))
		}
		return classify.Wall(ErrQuota, time.Time{})
	case "panic":
		panic("an attempt")
	case "nil_panic":
		panic(any(nil))
	case "error_panic":
		panic(errRetried)
	case "bad_panic":
		panic(badError{})
	case "goexit":
		runtime.Goexit()
	case "bad_error":
		return badError{}
	case "exit_error":
		return exitError{}
	case "canceled":
		return context.Canceled
	}
	return fmt.Errorf("nobody knows the result %s", d.Result)
}

func httpError(status string, after time.Duration) error {
	n, _ := strconv.Atoi(status)
	e := &classify.StatusError{StatusCode: n, Header: http.Header{}}
	if after > 0 {
		e.Header.Set("Retry-After-Ms", strconv.FormatInt(after.Milliseconds(), 10))
	}
	return e
}

// firstLine is an error's text, whatever its methods do.
func firstLine(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = "an error whose methods panic"
		}
	}()
	text, _, _ = strings.Cut(err.Error(), "\n")
	return text
}
