package load

import (
	"errors"
	"fmt"
	"runtime"
)

// guarded runs what may be code of others, on a goroutine of its own: one that
// panics, or ends its goroutine, must end neither the program nor the watching
// of files. The goroutine ends with f, which is waited for.
//
// Of a panic only what the runtime says is told. The rest may quote the text
// that was being read.
func guarded(doing string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		err := fault(doing+" ended its goroutine (runtime.Goexit)", nil)
		defer func() {
			if value := recover(); value != nil {
				err = fault(fmt.Sprintf("%s panicked with %s", doing, panicText(value)), nil)
			}
			done <- err
		}()
		err = f()
	}()
	return <-done
}

func panicText(value any) string {
	var known runtime.Error
	if err, isError := value.(error); isError && errors.As(err, &known) {
		return known.Error()
	}
	return fmt.Sprintf("a value of the type %T", value)
}
