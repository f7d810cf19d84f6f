package actors

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If it failed, a caller couldn't find the error that a function panicked with.
func TestAPanicErrorUnwrapsToAnErrorOnly(t *testing.T) {
	cause := fmt.Errorf("open: %w", fs.ErrNotExist)
	err := error(NewPanicError(cause))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, cause, errors.Unwrap(err))
	assert.EqualError(t, err, "the function panicked: open: file does not exist")

	err = NewPanicError(42)
	assert.NoError(t, errors.Unwrap(err))
	assert.EqualError(t, err, "the function panicked: 42")
}

// If it failed, one could not tell where a contained panic came from.
func TestAContainedPanicKeepsItsStack(t *testing.T) {
	err := Guard(func() error { return culprit() })
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "boom", panicked.Value)
	assert.Contains(t, string(panicked.Stack), "culprit")
	assert.NotContains(t, err.Error(), "culprit", "the stack is not for messages")
}

func culprit() error { panic("boom") }

func TestGuardLetsResultsThrough(t *testing.T) {
	assert.NoError(t, Guard(func() error { return nil }))
	assert.Equal(t, errPlain, Guard(func() error { return errPlain }))
	var panicNil *runtime.PanicNilError
	assert.ErrorAs(t, Guard(func() error { panic(nil) }), &panicNil)
}

// If it failed, attempts that crashed would not be repeated.
func TestCrashesAreRetryable(t *testing.T) {
	for _, err := range []error{NewPanicError(1), ErrGoexit} {
		var says interface{ Retryable() bool }
		require.ErrorAs(t, err, &says)
		assert.True(t, says.Retryable())
	}
	assert.Contains(t, ErrGoexit.Error(), "runtime.Goexit")
}
