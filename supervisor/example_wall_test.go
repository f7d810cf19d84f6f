package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// A used-up quota is a wall: nothing gets through before its end, so nothing is
// tried before it.
func Example_externalWall() {
	sup, _ := supervisor.New(quick())
	defer sup.Shutdown(context.Background())
	midnight := time.Now().Add(5 * time.Hour)

	_, err := supervisor.Do(context.Background(), sup, "payments", func(context.Context) (int, error) {
		return 0, classify.Wall(errors.New("daily quota used up"), midnight)
	})
	var exhausted *supervisor.ExhaustedError
	fmt.Println(errors.As(err, &exhausted), exhausted.Attempts, exhausted.Reason)

	_, err = supervisor.Do(context.Background(), sup, "payments", func(context.Context) (int, error) { return 1, nil })
	var open *supervisor.OpenError
	fmt.Println(errors.As(err, &open), open.Reason, open.Cause)
	fmt.Println(open.RetryAfter().Round(time.Hour))
	// Output:
	// true 1 external_wall
	// true external_wall daily quota used up
	// 5h0m0s
}
