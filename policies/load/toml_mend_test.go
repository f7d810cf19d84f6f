package load

import (
	"strings"
	"testing"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// If this fails, we and the parser disagree about what may be in a text twice:
// a file that is right is refused, or one slip hides the rest of a file.
func TestTheParserTakesWhatIsLeftOfATOMLText(t *testing.T) {
	key := rapid.SampledFrom([]string{"pool", "pool", "pool.a", "pool.a.b", "pool.b", "a", "a.b", "x.a"})
	value := rapid.SampledFrom([]string{
		"1", "'t'", "{}", "[]", "{a = 1}", "{a = 1, a = 2}", "{a.x = 1, a.a = 2}", "{a = {}, a.x = 1}", "[{a = 1}, {a = 1}]", "[[{a = 1, a = 1}], 1]",
		"99999999999999999999", "-1e999", "[1, {a = 1e999}]", "1979-05-27", "1979-02-30", "25:00:00", "[1979-02-30T00:00:00Z]", "inf", "+1_0", "0x7fffffffffffffff",
	})
	line := rapid.Custom(func(t *rapid.T) string {
		k := key.Draw(t, "key")
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return "[" + k + "]"
		case 1:
			return "[[" + k + "]]"
		case 2:
			return " " + k + " = " + value.Draw(t, "value") + " # " + k
		}
		return " " + k + " = 1"
	})
	rapid.Check(t, func(t *rapid.T) {
		data := []byte(strings.Join(rapid.SliceOfN(line, 4, 16).Draw(t, "lines"), "\n"))
		w := newTOMLWalk(data)
		assert.NoError(t, w.expressions())
		assert.NoError(t, w.parser.Error())
		want, err := toml.Parser().Unmarshal(data)
		got, found := tomlValues(data)
		for _, e := range found {
			assert.NotContains(t, e.Problem, "nothing of the file was read")
		}
		if err == nil {
			assert.Empty(t, found)
			assert.Equal(t, want, got)
			return
		}
		assert.NotNil(t, got)
	})
}
