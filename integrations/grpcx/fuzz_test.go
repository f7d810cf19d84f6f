package grpcx

import (
	"math"
	"math/big"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
)

var wholeNumber = regexp.MustCompile(`^[-+]?[0-9]+$`)

// Broken, a call would be made again that its server has forbidden (gRFC A6: a
// value that is no number, or below 0, means not to), or at another time than
// the server said.
func FuzzPushback(f *testing.F) {
	for _, seed := range []string{"0", "1000", "-1", "+5", "", "x", "1.5", "9223372036854775807", "9223372036854775808", "9223372036854", "1_0", " 1", "0x1", "007"} {
		f.Add(seed, "", false)
	}
	f.Add("1", "2", true)
	f.Fuzz(func(t *testing.T, value, second string, twice bool) {
		values := []string{value}
		if twice {
			values = append(values, second)
		}
		delay, named, again := pushback(metadata.MD{pushbackTrailer: values})
		ms, isNumber := new(big.Int).SetString(value, 10)
		allowed := !twice && wholeNumber.MatchString(value) && isNumber && ms.IsInt64() && ms.Sign() >= 0
		require.Equal(t, allowed, again, "%q", values)
		require.Equal(t, allowed, named, "%q", values)
		if !allowed {
			require.Zero(t, delay)
			return
		}
		want := ms.Mul(ms, big.NewInt(int64(time.Millisecond)))
		if !want.IsInt64() {
			require.Greater(t, delay, math.MaxInt64-time.Millisecond, "%q", values)
			return
		}
		require.Equal(t, want.Int64(), int64(delay), "%q", values)
	})
}

// Broken, the name of a method that a caller makes up could crash the program, or
// be taken for that of one that may be called twice.
func FuzzMethod(f *testing.F) {
	for _, seed := range []string{"/grpc.testing.TestService/UnaryCall", "/a/b/c", "", "/", "//", "a", "/\x00/é", "grpc.testing.TestService.UnaryCall"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, method string) {
		require.False(t, declaredIdempotent(method), "none of the linked services has such a method")
		s := &settings{idempotent: map[string]bool{"/a/": true, "/b/c": true}}
		require.Equal(t, method == "/b/c" || regexp.MustCompile(`(?s)^/a/[^/]*$`).MatchString(method), s.named(method), "%q", method)
	})
}
