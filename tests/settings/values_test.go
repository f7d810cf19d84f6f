package settings_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
)

// Values for settings, right and wrong ones, as JSON.

// anything is a value of every JSON type.
var anything = []string{
	"null", "true", "false", "0", "1", "-1", "1.5", `""`, `"x"`, `"5"`, `"true"`, `"never"`, "[]", `["http.503"]`, "{}", `{"a": 1}`,
}

func quoted(s string) string {
	data, _ := json.Marshal(s)
	return string(data)
}

// valueOf draws a value for a setting that is likely to be right.
func valueOf(s policies.Setting) *rapid.Generator[string] {
	return rapid.OneOf(likely(s), likely(s), likely(s), rapid.SampledFrom(edges(s)))
}

func likely(s policies.Setting) *rapid.Generator[string] {
	switch s.Kind {
	case policies.Boolean:
		return rapid.SampledFrom([]string{"true", "false", "null"})
	case policies.Integer:
		most := min(s.Most, policies.Never)
		return rapid.Map(rapid.IntRange(int(s.Least)-1, int(most)+1), strconv.Itoa)
	case policies.Number:
		return rapid.Map(rapid.Float64Range(s.Least, s.Most), number)
	case policies.Duration:
		seconds := rapid.Map(rapid.Float64Range(0, 100_000), func(f float64) string {
			return number(math.Round(f*1e6) / 1e6)
		})
		return rapid.OneOf(seconds, rapid.Map(durationText(s), quoted))
	case policies.Word:
		return rapid.Map(rapid.SampledFrom(s.Words), quoted)
	case policies.Name:
		return rapid.Map(rapid.String().Filter(judgeable), quoted)
	}
	return rapid.SampledFrom([]string{
		"[]", "null", `["http.503"]`, `["http.5xx", "net.timeout", "requests.Timeout"]`,
		`["grpc.Unavailable", "sql.55P03", "*net.OpError"]`, `["http.503", "http.503"]`,
	})
}

// edges are values of every type, those at and just beside the limits of a
// setting, and what people write by mistake.
func edges(s policies.Setting) []string {
	return append(ownEdges(s), anything...)
}

func ownEdges(s policies.Setting) []string {
	switch s.Kind {
	case policies.Integer, policies.Number, policies.Duration:
		all := []string{"-0", "0.0", "3.0", "3.5", "1e1", "1e300", "-1e300", "1e999", "2147483647", "2147483648", `"Never"`, `" 1s"`, `"1s "`}
		unit := 1.0
		if s.Kind == policies.Duration {
			unit = 1e9
			all = append(all, "9223372036", "9223372037")
			for _, text := range durations {
				if sayable(s, text) {
					all = append(all, quoted(text))
				}
			}
		}
		for _, bound := range []float64{s.Least / unit, s.Most / unit} {
			if !math.IsInf(bound, 1) {
				all = append(all, number(bound-1), number(bound-0.001), number(bound), number(bound+0.001), number(bound+1))
			}
		}
		return all
	case policies.Word:
		all := []string{`" "`, `"Worker"`, "[]"}
		for _, w := range s.Words {
			all = append(all, quoted(w), quoted(strings.ToUpper(w)), quoted(w+" "), "["+quoted(w)+"]")
		}
		return all
	case policies.Name:
		var all []string
		for _, name := range []string{
			"", "a", "model provider", "gpt-4\u00b71", " ", " a", "a ", "a\u00a0", "\u2003a", "a/b", "/", "a\tb", "a\n", "\x7f", "a\u0085b", "a\u200bb", "\u202ea", "a\ufeff",
			strings.Repeat("n", 128), strings.Repeat("n", 129), strings.Repeat("é", 64), strings.Repeat("é", 129),
		} {
			all = append(all, quoted(name), "["+quoted(name)+"]")
		}
		return all
	case policies.Names:
		most := strings.TrimSuffix(strings.Repeat(`"http.503",`, int(s.Most)), ",")
		return []string{"[" + most + "]", "[" + most + `,"http.503"]`, `"http.503"`, `[""]`, `[" "]`, `["http.503", ""]`, `[503]`, `[null]`, `[true]`, `[["http.503"]]`, `{"0": "http.503"}`}
	}
	return []string{`"false"`, `"yes"`, "0", "[true]"}
}

// judgeable leaves out names whose length in bytes a schema can't judge, and
// those with invisible characters of more than 16 bits.
func judgeable(name string) bool {
	rare := func(r rune) bool { return r > 0xffff && unicode.Is(unicode.Cf, r) }
	return (len(name) <= 128 || utf8.RuneCountInString(name) > 128) && strings.IndexFunc(name, rare) < 0
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// durations are texts that are, or nearly are, a time.
var durations = []string{
	"0s", "1s", "24h", "23h59m60s", "1h30m", "30m1h", "1m1m", "+5s", "1.5s", "1.s", ".5s", "0.5h", "1us", "1\u00b5s", "1\u03bcs", "5ns", "00s", "0h0m0s", "007s",
	"", "s", ".s", "1", "0", "+0", "1.5", "-1s", "--1s", "+-1s", "1 s", "1s 1m", "1d", "1w", "1S", "1sec", "1e3s", "0x1s", "1,5s", "1_0s", "infs", "١s", "1s\n", "P1D", "never",
}

// durationText draws a time in text that the schema can judge.
func durationText(s policies.Setting) *rapid.Generator[string] {
	term := rapid.StringMatching(`([0-9]{1,3}|[0-9]{1,2}\.[0-9]{0,2}|\.[0-9]{1,2})(h|m|s|ms|us|ns)`)
	text := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"", "", "", "+"}).Draw(t, "sign") +
			strings.Join(rapid.SliceOfN(term, 1, 3).Draw(t, "terms"), "")
	})
	return text.Filter(func(text string) bool { return sayable(s, text) })
}

// sayable leaves out what the schema can't judge: how long a text is that is
// over the bound, and what comes to less than a nanosecond.
func sayable(s policies.Setting, text string) bool {
	d, err := time.ParseDuration(text)
	return err != nil || float64(d) <= s.Most && (d != 0 || !strings.ContainsAny(text, "123456789"))
}
