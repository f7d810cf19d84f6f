package policies

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// If it failed, a name would pass that breaks an actor's address or a line of a
// log, or one be refused that does neither; or the error would break it itself.
func FuzzTargetName(f *testing.F) {
	for _, seed := range []string{"payment_gateway", "", " a", "a ", "a/b", "a\nb", "a\u200bb", "é", "\xff", strings.Repeat("x", 129), "a b", "\u00a0", "a\u00adb", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		bad := name == "" || len(name) > 128 || !utf8.ValidString(name) || strings.TrimSpace(name) != name ||
			strings.ContainsFunc(name, func(r rune) bool { return r == '/' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
		err := ValidateTargetName(name)
		require.Equal(t, bad, err != nil, "%q: %v", name, err)
		if err != nil {
			require.False(t, strings.ContainsFunc(err.Error(), unicode.IsControl), "%q", err)
			require.True(t, utf8.ValidString(err.Error()))
		}
	})
}
