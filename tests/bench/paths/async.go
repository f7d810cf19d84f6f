package paths

import (
	"testing"

	"github.com/holdfast-go/holdfast/supervisor"
)

// async is a call that runs on a goroutine of its own, and the wait for it.
func async() []Path {
	return []Path{
		{"async/holdfast", func(b *testing.B) {
			target := defaults(b).Target("api")
			serially(b, func() error {
				_, err := supervisor.GoOn(ctx, target, succeed).Wait(ctx)
				return err
			})
		}},
		{"async/failsafe", func(b *testing.B) {
			executor := newFailsafe()
			serially(b, func() error {
				_, err := executor.GetAsync(func() (int, error) { return succeed(ctx) }).Get()
				return err
			})
		}},
		{"async/goroutine_channel", func(b *testing.B) {
			type outcome struct {
				value int
				err   error
			}
			serially(b, func() error {
				done := make(chan outcome, 1)
				go func() {
					value, err := succeed(ctx)
					done <- outcome{value, err}
				}()
				return (<-done).err
			})
		}},
	}
}
