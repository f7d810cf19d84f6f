package supervisor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If it failed, what a program can't have would panic, or be taken for another
// key, or a secret in an error.
func TestKeysThatCanNotBe(t *testing.T) {
	s := one(t)
	for name, c := range map[string]struct {
		keys []Key
		says string
	}{
		"too many": {make([]Key, 9), "there are 9, at most 8 are allowed"},
		"too long": {[]Key{"a", Key(strings.Repeat("s", 257))}, "number 2 has 257 bytes, at most 256 are allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			target := s.Target("x", c.keys...)
			_, err := DoOn(bg, target, succeed)
			var rejected *RejectedError
			require.ErrorAs(t, err, &rejected)
			assert.ErrorIs(t, err, ErrInvalidKeys)
			assert.EqualError(t, err, `operation on "x" rejected: the keys can't name a target: `+c.says)
			assert.Nil(t, target.PID())
		})
	}
	_, err := DoOn(bg, s.Target("nobody", "a"), succeed)
	assert.ErrorIs(t, err, ErrUnknownTarget)
	use(t, s, Key(strings.Repeat("s", 256)), "")
}

// If it failed, two keys would read alike in a log, or break a line in it.
func TestNamesOfKeyedTargets(t *testing.T) {
	for want, keys := range map[string][]Key{
		"p[gpt-x,tenant-7]":    {"gpt-x", "tenant-7"},
		"p[a/b:c@d.e,é9]":      {"a/b:c@d.e", "é9"},
		`p["a,b","c]","",d]`:   {"a,b", "c]", "", "d"},
		`p["a b","\n","\xff"]`: {"a b", "\n", "\xff"},
		`p["\"a\""]`:           {`"a"`},
	} {
		assert.Equal(t, want, keyedName("p", identity(keys)))
	}
}

// If it failed, two combinations of keys could share a breaker.
func TestIdentitiesDiffer(t *testing.T) {
	long := Key(strings.Repeat("l", 200))
	all := [][]Key{{"a"}, {"b"}, {"a", "b"}, {"b", "a"}, {"ab"}, {"ab", ""}, {"", "ab"}, {""}, {"", ""}, {"\x01a"}, {long}, {long, "a"}, {long + "a"}, {"a", long}}
	for i, a := range all {
		assert.Equal(t, a, keysOf(identity(a)))
		for j, b := range all {
			assert.Equal(t, i == j, identifies(identity(a), b), "%q %q", a, b)
		}
	}
}

// If it failed, keys with the same hash would be taken for one, or lose each
// other when one of them goes.
func TestTargetsWithTheSameHash(t *testing.T) {
	for first := range 3 {
		k := newKeyspace(&Supervisor{}, "x", nil)
		var all []*Target
		for i := range 3 {
			t := &Target{keyed: &keyedTarget{space: k, id: identity([]Key{Key(fmt.Sprint(i))}), hash: 7}}
			k.insert(t)
			all = append(all, t)
		}
		find := func(i int) *Target { return k.find(7, []Key{Key(fmt.Sprint(i))}) }
		for i, want := range all {
			require.Same(t, want, find(i))
		}
		left := 3
		for i := range 3 {
			gone := (first + i) % 3
			require.True(t, k.remove(all[gone]))
			require.False(t, k.remove(all[gone]))
			left--
			found := 0
			for j := range 3 {
				if find(j) != nil {
					found++
				}
			}
			require.Equal(t, left, found)
			require.Nil(t, find(gone))
		}
	}
}
