package classify

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

type refusal struct {
	*StatusError
	safe bool
}

func (r refusal) Unwrap() error     { return r.StatusError }
func (r refusal) SafeToRetry() bool { return r.safe }

// Broken, a server that says it has done nothing would not be asked again, or
// one that says nothing of the kind would be, with a POST.
func TestAnErrorSaysThatNothingHasHappened(t *testing.T) {
	for _, safe := range []bool{true, false} {
		v := verdictOf(fmt.Errorf("wrapped: %w", refusal{&StatusError{Method: "POST", StatusCode: 500}, safe}))
		assert.Equal(t, "http.500", v.Condition)
		assert.Equal(t, policies.Failure, v.Outcome)
		assert.True(t, v.Retryable)
		assert.True(t, v.Unsafe)
		assert.Equal(t, !safe, v.Ambiguous)
	}
}
