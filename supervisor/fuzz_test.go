package supervisor

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, two combinations of keys could share a breaker, or a key come out
// of a passivated target as another one. The bytes are divided into keys at cuts.
func FuzzKeys(f *testing.F) {
	f.Add("gpt-xtenant-7", uint64(0b100000), "gpt-xtenant-7", uint64(0b1000000))
	f.Add("", uint64(0), "", uint64(1))
	f.Add(strings.Repeat("l", 256)+"a", uint64(0), strings.Repeat("l", 200), uint64(3))
	f.Add("a,b]\"\xff\n", uint64(0b10), "\x01a", uint64(0b1))
	f.Fuzz(func(t *testing.T, a string, cutA uint64, b string, cutB uint64) {
		first, second := keysAt(a, cutA), keysAt(b, cutB)
		if checkKeys(first) != nil || checkKeys(second) != nil {
			return
		}
		same := len(first) == len(second)
		for i := range min(len(first), len(second)) {
			same = same && first[i] == second[i]
		}
		id, other := identity(first), identity(second)
		require.Equal(t, first, keysOf(id))
		require.Equal(t, same, id == other)
		require.Equal(t, same, identifies(id, second))
		require.True(t, identifies(id, first))
		name := keyedName("p", id)
		require.Equal(t, same, name == keyedName("p", other), "they read alike: %s", name)
		require.NotContains(t, name, "\n")
		require.Equal(t, first, namedKeys(t, name))
	})
}

// keysAt divides text into up to 8 keys, behind each byte whose bit is set.
func keysAt(text string, cuts uint64) (keys []Key) {
	from := 0
	for i := range min(len(text), 64) {
		if cuts&(1<<i) != 0 {
			keys = append(keys, Key(text[from:i]))
			from = i
		}
	}
	return append(keys, Key(text[from:]))
}

// namedKeys reads a keyed target's name as people do.
func namedKeys(t *testing.T, name string) (keys []Key) {
	t.Helper()
	rest := strings.TrimPrefix(name, "p[")
	for {
		key, after, _ := strings.Cut(rest, ",")
		if strings.HasPrefix(rest, `"`) {
			quoted, err := strconv.QuotedPrefix(rest)
			require.NoError(t, err, name)
			key, err = strconv.Unquote(quoted)
			require.NoError(t, err, name)
			after = strings.TrimPrefix(rest[len(quoted):], ",")
		} else if end := strings.IndexByte(key, ']'); end >= 0 {
			key, after = key[:end], key[end:]
		}
		keys = append(keys, Key(key))
		if after == "]" {
			return keys
		}
		rest = after
	}
}

// If it failed, a target that was put away would come back with another memory, or
// be dropped at another time, whatever its times and counts are.
func FuzzMemory(f *testing.F) {
	f.Add(uint8(1), uint8(2), int64(5), int64(-3), int64(60e9), int64(0), uint64(7), 3, 1, 2, []byte{1, 2}, []byte(nil), false)
	f.Add(uint8(3), uint8(0), int64(0), int64(0), int64(1), int64(1), uint64(1), 0, 0, 0, []byte(nil), []byte{3}, true)
	f.Add(uint8(5), uint8(200), int64(math.MaxInt64), int64(math.MinInt64), int64(-1), int64(-1), uint64(math.MaxUint64), math.MaxInt, 0, 0, []byte(nil), []byte(nil), false)
	f.Fuzz(func(t *testing.T, state, why uint8, at, since, until, wall int64, generation uint64, failures, successes, reopens int, window, costs []byte, stopped bool) {
		epoch := time.Now()
		s := policies.DefaultBreaker()
		reason := breaker.Reason(strconv.Itoa(int(why))) // one that nobody knows
		if int(why) < len(rememberedReasons) {
			reason = rememberedReasons[why]
		}
		in := &actors.BreakerMemory{Cause: errors.New("cause"), Reason: reason, Memory: breaker.Memory{
			At: epoch.Add(within(at)), State: breaker.State(state % 6), Since: epoch.Add(within(since)), Generation: generation,
			Enabled: state%2 == 0, ConsecutiveFailures: count(failures), ProbeSuccesses: count(successes), Reopens: count(reopens), Probes: generation / 3,
		}}
		// Ends lie after the supervisor's beginning, but for those somebody sets by hand.
		if until != 0 {
			in.Until = epoch.Add(within(until))
		}
		if wall != 0 {
			in.Wall = epoch.Add(within(wall))
		}
		if len(window) > 0 {
			in.Window = window
		}
		if len(costs) > 0 {
			in.Costs = costs
		}
		packed := pack("id", in, stopped, &s, epoch)
		out := packed.unpack(epoch)

		for _, end := range []struct{ in, out time.Time }{{in.Until, out.Until}, {in.Wall, out.Wall}} {
			require.Equal(t, end.in.IsZero(), end.out.IsZero(), "an end came or went")
			if end.in.After(epoch) {
				require.True(t, end.in.Equal(end.out))
			} else if !end.in.IsZero() {
				require.WithinDuration(t, epoch, end.out, 1, "one that has passed has passed")
			}
		}
		require.True(t, in.At.Equal(out.At))
		require.True(t, in.Since.Equal(out.Since))
		out.Until, out.Wall, out.At, out.Since = in.Until, in.Wall, in.At, in.Since
		require.Equal(t, in, out)

		at2, ever := in.Expires(&s)
		require.Equal(t, !ever || stopped, packed.expires == forEver)
		if ever && !stopped {
			require.Equal(t, at2.Sub(epoch), packed.expires)
		}
		require.Equal(t, stopped || in.Refuses(), packed.refuses())
	})
}

// within is a time that a supervisor may meet: some centuries before its epoch or
// after it are none.
func within(d int64) time.Duration {
	return time.Duration(d % int64(50*365*24*time.Hour))
}

// count is one that a machine may have.
func count(n int) int { return max(0, n%math.MaxInt32) }

// If it failed, a memory would be found under another key, or a heap of them let
// the wrong one expire first.
func FuzzMemories(f *testing.F) {
	f.Add([]byte{1, 200, 3, 130, 5, 7, 0, 255})
	f.Add([]byte{0, 0, 0, 9, 9, 128, 128})
	f.Fuzz(func(t *testing.T, program []byte) {
		var m memories
		kept := map[string]*memory{}
		for i, step := range program {
			now := time.Duration(step & 0x1f)
			id := strconv.Itoa(int(step & 7))
			switch step >> 6 {
			case 0, 1:
				if kept[id] == nil {
					x := &memory{id: id, expires: now + time.Duration(i%5), state: breaker.State(step % 6)}
					kept[id] = x
					m.add(x)
				}
			case 2:
				if x := kept[id]; x != nil {
					m.drop(x)
					delete(kept, id)
				}
			case 3:
				before := len(kept)
				m.expire(now, int(step&3))
				for id, x := range kept {
					if m.byID.of(id) == nil {
						require.LessOrEqual(t, x.expires, now, "dropped too soon")
						delete(kept, id)
					}
				}
				dropped, due := before-len(kept), 0
				for _, x := range kept {
					if x.expires <= now {
						due++
					}
				}
				require.True(t, dropped == int(step&3) || due == 0, "%d dropped, %d still due", dropped, due)
				require.LessOrEqual(t, dropped, int(step&3))
			}
			require.Equal(t, len(kept), m.byID.n)
			require.Equal(t, len(kept), len(m.others)+len(m.refusing))
			for id, x := range kept {
				require.Same(t, x, m.byID.of(id))
			}
			for _, h := range []byExpiry{m.others, m.refusing} {
				for at, x := range h {
					require.Same(t, kept[x.id], x)
					require.Equal(t, at, int(x.place))
					require.LessOrEqual(t, h[0].expires, x.expires)
				}
			}
		}
	})
}
