package classify

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// Broken, a retry would come before the server's time, or junk in a header
// would set the wait.
func TestHeaderDelay(t *testing.T) {
	in := func(d time.Duration) string { return noon.Add(d).Format(http.TimeFormat) }
	for _, tt := range []struct {
		name  string
		h     http.Header
		want  time.Duration
		named bool
	}{
		{"nothing", nil, 0, false},
		{"seconds", headers("Retry-After", "120"), 2 * time.Minute, true},
		{"fraction", headers("Retry-After", "1.5"), 1500 * time.Millisecond, true},
		{"a fraction that binary has not", headers("Retry-After", "0.29"), 290 * time.Millisecond, true},
		{"spaces", headers("Retry-After", " 3 "), 3 * time.Second, true},
		{"zero", headers("Retry-After", "0"), 0, true},
		{"negative", headers("Retry-After", "-5"), 0, true},
		{"absurd", headers("Retry-After", "99999999999"), longestDelay, true},
		{"beyond any number", headers("Retry-After", "1"+string(make0(400))), longestDelay, true},
		{"milliseconds", headers("Retry-After-Ms", "250.5"), 250500 * time.Microsecond, true},
		{"milliseconds first", headers("Retry-After-Ms", "250", "Retry-After", "9"), 250 * time.Millisecond, true},
		{"junk milliseconds", headers("Retry-After-Ms", "soon", "Retry-After", "9"), 9 * time.Second, true},
		{"a date", headers("Retry-After", in(90*time.Second)), 90 * time.Second, true},
		{"a date in the past", headers("Retry-After", in(-time.Hour)), 0, true},
		{"a date far off", headers("Retry-After", in(90*365*24*time.Hour)), longestDelay, true},
		{"a date by the server's clock", headers("Retry-After", in(time.Hour+9*time.Second), "Date", in(time.Hour)), 9 * time.Second, true},
		{"a date and a junk clock", headers("Retry-After", in(9*time.Second), "Date", "noon"), 9 * time.Second, true},
		{"an old form of date", headers("Retry-After", noon.Add(time.Minute).Format(time.ANSIC)), time.Minute, true},
		{"words", headers("Retry-After", "later"), 0, false},
		{"infinity", headers("Retry-After", "inf"), 0, false},
		{"no number", headers("Retry-After", "NaN"), 0, false},
		{"exponent", headers("Retry-After", "1e3"), 0, false},
		{"hexadecimal", headers("Retry-After", "0x10"), 0, false},
		{"signs", headers("Retry-After", "+-1"), 0, false},
		{"two points", headers("Retry-After", "1.2.3"), 0, false},
		{"only a point", headers("Retry-After", "."), 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, named := headerDelay(tt.h, noon)
			assert.Equal(t, tt.named, named)
			assert.Equal(t, tt.want, got)
		})
	}
}

func make0(n int) []byte {
	zeros := make([]byte, n)
	for i := range zeros {
		zeros[i] = '0'
	}
	return zeros
}

type after time.Duration

func (after) Error() string               { return "slow down" }
func (a after) RetryAfter() time.Duration { return time.Duration(a) }

type afterOK struct {
	after
	named bool
}

func (a afterOK) RetryAfter() (time.Duration, bool) { return time.Duration(a.after), a.named }

// Broken, delays of errors other than ours would be lost or unbounded.
func TestDelaysOfOtherErrors(t *testing.T) {
	for _, tt := range []struct {
		err   error
		want  time.Duration
		named bool
	}{
		{after(time.Second), time.Second, true},
		{after(0), 0, false},
		{after(-1), 0, false},
		{after(1 << 62), longestDelay, true},
		{afterOK{after(time.Second), true}, time.Second, true},
		{afterOK{after(time.Second), false}, 0, false},
		{afterOK{after(-time.Second), true}, 0, true},
		{errPlan, 0, false},
	} {
		v := verdictOf(tt.err)
		assert.Equal(t, tt.named, v.HasDelay, "%#v", tt.err)
		assert.Equal(t, tt.want, v.Delay, "%#v", tt.err)
	}
}

// Broken, a hostile header could crash a supervisor or set a wait that
// overflows.
func FuzzHeaderDelay(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", "1.5", "1e9", "Mon, 04 May 2026 12:00:09 GMT", "99999999999999999999", "+.", "\x00"} {
		f.Add(seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, seconds, millis, date string) {
		h := http.Header{"Retry-After": {seconds}, "Retry-After-Ms": {millis}, "Date": {date}}
		d, named := headerDelay(h, noon)
		if d < 0 || d > longestDelay || !named && d != 0 {
			t.Fatalf("headerDelay(%q) = %v, %v", h, d, named)
		}
		if _, again := headerDelay(h, time.Time{}); again != named {
			t.Fatalf("whether %q names a delay depends on the time", h)
		}
	})
}
