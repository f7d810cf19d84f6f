package actors

import (
	"fmt"
	"runtime/debug"

	"github.com/holdfast-go/holdfast/policies"
)

// ErrGoexit is the error of an attempt that ended its goroutine with
// runtime.Goexit (as testing.T.FailNow does).
var ErrGoexit error = goexitError{}

type goexitError struct{}

func (goexitError) Error() string {
	return "the function ended its goroutine with runtime.Goexit instead of returning"
}

// Retryable says that another attempt may do better.
func (goexitError) Retryable() bool { return true }

// PanicError is the error of an attempt that panicked. If the panic value is
// an error, errors.Is and errors.As reach it.
type PanicError struct {
	// Value is what was passed to panic; for panic(nil) it is a
	// *runtime.PanicNilError.
	Value any
	// Stack is the stack of the goroutine that panicked.
	Stack []byte
}

// Error gives the value and not the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("the function panicked: %v", e.Value) }

// Retryable says that another attempt may do better.
func (e *PanicError) Retryable() bool { return true }

// BreakerOutcome says that a panic is a failure, whatever error it carries.
func (e *PanicError) BreakerOutcome() policies.Outcome { return policies.Failure }

// Unwrap gives the panic value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Guard calls f and turns a panic into a *[PanicError]. It is the boundary
// around code that is not ours. Goexit passes through it.
func Guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = NewPanicError(v)
		}
	}()
	return f()
}

// NewPanicError keeps a recovered value with the current stack. It is called
// in the deferred function that recovered.
func NewPanicError(v any) *PanicError {
	return &PanicError{Value: v, Stack: debug.Stack()}
}

// Ending is how an attempt that failed came to its end. It is what happened,
// and not what the error says: a function may well return the panic of another.
type Ending uint8

const (
	// Returned attempts came back with an error.
	Returned Ending = iota
	// Panicked attempts were cut short by a panic.
	Panicked
	// Exited attempts ended their goroutine.
	Exited
)

// Interrupted gives the error of a function that did not return: recovered is
// what recover gave, nil if the goroutine is being ended by Goexit.
func Interrupted(recovered any) (Ending, error) {
	if recovered == nil {
		return Exited, ErrGoexit
	}
	return Panicked, NewPanicError(recovered)
}
