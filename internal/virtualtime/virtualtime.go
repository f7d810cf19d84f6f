// Package virtualtime runs tests of actors in the virtual time of
// testing/synctest.
package virtualtime

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Run runs f in a bubble of virtual time.
//
// The engine counts dead letters on a goroutine that ends a second after the
// first of them, and the bubble must not end before it. That wait is virtual,
// and the only sleep there is. It comes after the cleanups that f registers.
func Run(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { time.Sleep(2 * time.Second) })
		f(t)
	})
}

// Pass lets virtual time go on, and then everything that is due settle.
func Pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// Soon gives what comes out of ch. In a bubble a day passes in no time, so
// that somebody who was forgotten is reported as such.
func Soon[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(24 * time.Hour):
		require.FailNow(t, "forgotten for ever", what)
		panic("unreachable")
	}
}
