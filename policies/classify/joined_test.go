package classify

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Broken, a commit that took effect would be repeated, because the clean-up
// after it sent nothing.
func TestWhatIsJoinedMayHaveTakenEffect(t *testing.T) {
	lost := fmt.Errorf("commit: %w", io.ErrUnexpectedEOF)
	closed := pgSafe{errors.New("conn closed"), true}
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	errStore := errors.New("store")

	for _, tt := range []struct {
		name      string
		err       error
		condition string
		ambiguous bool
	}{
		{"a lost commit and a rollback not sent", errors.Join(lost, closed), SQLNotSent, true},
		{"the other way round", errors.Join(closed, lost), SQLNotSent, true},
		{"a lost commit and a refused connection", fmt.Errorf("%w, and: %w", lost, refused), NetRefused, true},
		{"a shutdown and a rollback not sent", errors.Join(pgError("57P01"), closed), SQLNotSent, true},
		{"wrapped and joined again", fmt.Errorf("x: %w", errors.Join(refused, errors.Join(nil, errStore, errors.Join(closed, lost)))), SQLNotSent, true},
		{"a conflict and a refused connection", errors.Join(pgError("40P01"), refused), "sql.40P01", false},
		{"a program's name for it", fmt.Errorf("%w: %w", errStore, refused), NetRefused, false},
		{"two hosts, both refuse", errors.Join(refused, refused), NetRefused, false},
		{"one alone", errors.Join(refused), NetRefused, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := verdictOf(tt.err)
			assert.True(t, v.Retryable)
			assert.Equal(t, tt.condition, v.Condition)
			assert.Equal(t, tt.ambiguous, v.Ambiguous)
		})
	}
}

// Broken, an error that was joined on and on would take ages to look at.
func TestErrorsJoinedManyTimes(t *testing.T) {
	refused := error(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})
	err := refused
	for range 10_000 {
		err = errors.Join(err, refused)
	}
	assert.False(t, verdictOf(err).Ambiguous)
	assert.True(t, verdictOf(errors.Join(io.ErrUnexpectedEOF, err)).Ambiguous)
}
