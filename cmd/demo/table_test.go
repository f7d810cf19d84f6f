package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func examples() (plain, guarded summary) {
	return summary{
			ran: true, operations: 320, succeeded: 187, failed: 133, usersFailed: 29, calls: 813, refused: 553,
			all:         latencies{554 * time.Millisecond, 1390 * time.Millisecond},
			interactive: latencies{322 * time.Millisecond, 1740 * time.Millisecond},
			recovery:    recovery{known: true, succeeded: true, firstSuccess: 82 * time.Millisecond, backlog: 44, saved: 26, drained: 1080 * time.Millisecond},
		}, summary{
			ran: true, operations: 320, succeeded: 290, failed: 30, usersFailed: 30, calls: 400, refused: 5,
			all:         latencies{100 * time.Millisecond, 4 * time.Second},
			interactive: latencies{20 * time.Millisecond, 500 * time.Millisecond},
			recovery:    recovery{known: true, succeeded: true, firstSuccess: 300 * time.Millisecond, backlog: 150, saved: 149, drained: 2 * time.Second},
		}
}

func TestTable(t *testing.T) {
	plain, guarded := examples()
	var out strings.Builder
	writeTable(&out, palette{}, plain, guarded, false)
	assert.Equal(t, `                                          plain loop    Holdfast  Holdfast/plain
  ------------------------------------------------------------------------------
  operations                                     320         320
    succeeded                                    187         290           155 %
    failed                                       133          30            23 %
      with a user waiting                         29          30           103 %
  calls that met the service while down          553           5           0.9 %
  calls in all                                   813         400            49 %
  from arrival to answer or error
    with a user waiting, p50                  322 ms       20 ms           6.2 %
    with a user waiting, p99                  1.74 s      500 ms            29 %
    all operations, p50                       554 ms      100 ms            18 %
    all operations, p99                       1.39 s      4.00 s           2.9 x
  from the service's return
    to the first success                       82 ms      300 ms           3.7 x
    to the end of the backlog                 1.08 s      2.00 s           185 %
    succeeded of the backlog                26 of 44  149 of 150
`, out.String())
	for line := range strings.Lines(out.String()) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width)
	}
	var coloured strings.Builder
	writeTable(&coloured, palette{on: true}, plain, guarded, false)
	assert.Equal(t, out.String(), stripped(coloured.String()))
}

// A figure that isn't known must not look like a zero.
func TestTableOfAnInterruptedComparison(t *testing.T) {
	plain := summary{ran: true, operations: 10, succeeded: 4, unfinished: 6}
	var out strings.Builder
	writeTable(&out, palette{}, plain, summary{}, false)
	assert.Regexp(t, `operations +10 +-\n`, out.String())
	assert.Regexp(t, `cut off by the interrupt +6 +-\n`, out.String())
	assert.Regexp(t, `all operations, p99 +0 µs +-\n`, out.String())
	assert.NotContains(t, out.String(), "service's return")
	assert.NotContains(t, out.String(), "%")
}

func TestTableOfAServiceThatStayedDownForOne(t *testing.T) {
	plain, guarded := examples()
	guarded.recovery = recovery{}
	var out strings.Builder
	writeTable(&out, palette{}, plain, guarded, false)
	assert.Regexp(t, `succeeded of the backlog +26 of 44 +-\n`, out.String())
}

// Of the user's own service no outage is known: the row must not claim one.
func TestTableOfAnOwnTarget(t *testing.T) {
	plain, guarded := examples()
	var out strings.Builder
	writeTable(&out, palette{}, plain, guarded, true)
	assert.Contains(t, out.String(), "calls that could not connect ")
	assert.NotContains(t, out.String(), "while down")
}

func TestRatio(t *testing.T) {
	for _, tc := range []struct {
		known bool
		a, b  float64
		want  string
	}{
		{false, 1, 1, ""}, {true, 0, 1, ""}, {true, 10, 0, "0 %"}, {true, 1000, 1, "0.1 %"},
		{true, 3, 1, "33 %"}, {true, 1, 2, "200 %"}, {true, 2, 5, "2.5 x"},
	} {
		assert.Equal(t, tc.want, ratio(tc.known, tc.a, tc.b))
	}
}

// The words under the table must claim nothing that the figures don't show.
func TestReadingClaimsOnlyWhatIsThere(t *testing.T) {
	plain, guarded := examples()
	text := strings.Join(reading(plain, guarded, false), " ")
	assert.Contains(t, text, "99.1 % fewer calls")
	assert.Contains(t, text, "30 operations failed instead of 133")
	assert.Contains(t, text, "parked")
	assert.Contains(t, text, "sooner")

	assert.Empty(t, reading(plain, plain, false), "no difference, nothing to say")
	worse := strings.Join(reading(guarded, plain, false), " ")
	assert.Contains(t, worse, "More operations failed: 133 instead of 30")
	assert.NotContains(t, worse, "fewer")
	own := guarded
	own.refused = 0
	assert.Contains(t, strings.Join(reading(plain, own, true), " "), "sent no call that could not connect, the plain loop 553")
	own.interactive.p99, own.usersFailed = 0, 0
	assert.Contains(t, strings.Join(reading(plain, own, true), " "), "an error, sooner.")
	assert.Empty(t, reading(plain, summary{}, false))
	cut := guarded
	cut.unfinished = 1
	assert.Empty(t, reading(plain, cut, false))
}
