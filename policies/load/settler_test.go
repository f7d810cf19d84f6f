package load

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// rig drives a settler through what stands in a file, moment by moment.
type rig struct {
	*testing.T
	settler
	now   time.Time
	built int
}

var errHalf = errors.New("half a file")

func newRig(t *testing.T) *rig {
	return &rig{T: t, settler: settler{watchTimes: watchTimes{rest: 100, patience: 1000}}, now: time.Unix(1, 0)}
}

// at looks after d. What begins with "!" is wrong.
func (r *rig) at(d time.Duration, text string) (*loaded, time.Duration) {
	r.now = r.now.Add(d)
	c := content{data: []byte(text)}
	if text == "" {
		c = content{err: errHalf}
	}
	return r.look(r.now, []content{c}, func() (*policies.Set, error) {
		r.built++
		if text == "" || text[0] == '!' {
			return nil, errHalf
		}
		return nil, nil
	})
}

func (r *rig) pending(d time.Duration, text string, again time.Duration) {
	r.Helper()
	news, next := r.at(d, text)
	assert.Nil(r, news, text)
	assert.Equal(r, again, next, "when to look next")
}

func (r *rig) taken(d time.Duration, text string) {
	r.Helper()
	news, again := r.at(d, text)
	require.NotNil(r, news, text)
	assert.NoError(r, news.err)
	assert.Zero(r, again)
}

func (r *rig) rejected(d time.Duration, text string) {
	r.Helper()
	news, again := r.at(d, text)
	require.NotNil(r, news, text)
	assert.ErrorIs(r, news.err, errHalf)
	assert.Zero(r, again)
}

// If this fails, a start waits, or a change is missed or told twice.
func TestSettlerTakesWhatRests(t *testing.T) {
	r := newRig(t)
	r.taken(0, "a") // the first is taken at once
	r.pending(5, "a", 0)
	r.pending(5, "b", 100)
	r.pending(60, "b", 40)
	r.taken(40, "b")
	r.pending(5000, "b", 0)
	assert.Equal(t, 2, r.built, "what doesn't change isn't loaded")
}

// If this fails, half a file takes effect while it is being written.
func TestSettlerWaitsForAWriter(t *testing.T) {
	r := newRig(t)
	r.taken(0, "a")
	r.pending(10, "b", 100)
	r.pending(99, "bb", 100) // still growing
	r.pending(99, "bbb", 100)
	r.taken(100, "bbb")
	r.pending(10, "c", 100)
	r.pending(10, "bbb", 0) // and back: nothing has happened
	r.pending(10, "c", 100) // counted anew
	r.taken(100, "c")
}

// If this fails, a file that is replaced, or written slowly, is reported as
// wrong, or one that stays wrong is not.
func TestSettlerIsPatientWithWhatIsWrong(t *testing.T) {
	r := newRig(t)
	r.taken(0, "a")
	r.pending(0, "", 100) // away
	r.pending(100, "", 900)
	r.pending(899, "", 1)
	r.pending(0, "!half", 100)
	r.pending(100, "!half", 900)
	r.pending(899, "whole", 100)
	r.taken(100, "whole")
}

// If this fails, an error is told again and again, or a cure is not.
func TestSettlerTellsWhatIsWrongOnce(t *testing.T) {
	r := newRig(t)
	r.pending(0, "!", 1000)
	r.rejected(1000, "!")
	r.pending(5000, "!", 0)
	r.pending(0, "a", 100)
	r.taken(100, "a")
	r.pending(0, "", 100)
	r.pending(100, "", 900)
	r.rejected(900, "")
	r.pending(0, "a", 100)
	r.taken(100, "a")
}

// If this fails, two files could trade their contents unseen.
func TestDigestKeepsFilesApart(t *testing.T) {
	text := func(s string) content { return content{data: []byte(s)} }
	assert.NotEqual(t, digestOf([]content{text("ab"), text("c")}), digestOf([]content{text("a"), text("bc")}))
	assert.NotEqual(t, digestOf([]content{text("x")}), digestOf([]content{{err: errors.New("x")}}))
	assert.Equal(t, digestOf([]content{text("x")}), digestOf([]content{text("x")}))
}
