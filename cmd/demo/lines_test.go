package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// The stream must stay readable and yet leave nothing out in silence.
func TestStreamSamplesAndCounts(t *testing.T) {
	var out strings.Builder
	start := time.Unix(0, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	s := newStream(&out, palette{}, start)

	s.event(at(0), labelPhase, "healthy")
	s.operationBegan(at(10))
	s.operationBegan(at(10))
	s.operationBegan(at(11))
	s.operationEnded(at(20), true)
	for range 5 {
		s.event(at(30), labelRetry, "again")
	}
	s.event(at(35), labelRestart, "worker")
	s.event(at(35), labelRestart, "worker")
	for range 3 {
		s.event(at(40), labelBreaker, "closed -> open")
	}
	s.operationEnded(at(1200), false)
	s.event(at(1300), labelRetry, "again")
	s.event(at(990), labelRetry, "a line that comes late")
	s.event(at(5000), labelRetry, "nothing to tell of the seconds between")
	s.finish(at(5100))

	assert.Equal(t, `  0.000s  phase   healthy
  0.030s  retry   again
  0.030s  retry   again
  0.035s  restart worker
  0.040s  breaker closed -> open
  0.040s  breaker closed -> open
  0.040s  breaker closed -> open
  1.000s  more    3 retries, 1 restart
  1.000s  tally   1 ok, 0 failed, 2 in progress
  1.300s  retry   again
  0.990s  retry   a line that comes late
  2.000s  tally   1 ok, 1 failed, 1 in progress
  5.000s  retry   nothing to tell of the seconds between
`, out.String())
}

// What takes several lines must not be torn apart by other events, and what
// has nothing to say must not have a line.
func TestStreamWritesTheLinesOfAnEventTogether(t *testing.T) {
	var out strings.Builder
	s := newStream(&out, palette{}, time.Unix(0, 0))
	s.event(time.Unix(0, 0), labelReload, "one", "two")
	s.event(time.Unix(0, 0), labelReload)
	assert.Equal(t, "  0.000s  reload  one\n  0.000s  reload  two\n", out.String())
}

func TestStreamLinesFitTheTerminal(t *testing.T) {
	var out strings.Builder
	s := newStream(&out, palette{}, time.Unix(0, 0))
	s.event(time.Unix(59, 0), labelFailed, strings.Repeat("long ", 40))
	line := strings.TrimSuffix(out.String(), "\n")
	assert.Equal(t, width, utf8.RuneCountInString(line))
	assert.True(t, strings.HasSuffix(line, "…"))
}

// Every label needs a colour and must be padded alike, in colour too.
func TestStreamColours(t *testing.T) {
	for _, l := range []label{labelPhase, labelBreaker, labelRetry, labelParked, labelRestart, labelRefused, labelStale, labelFailed, labelReload, labelInvalid, labelNote, labelTally} {
		var plainly, coloured strings.Builder
		newStream(&plainly, palette{}, time.Unix(0, 0)).event(time.Unix(0, 0), l, "text")
		newStream(&coloured, palette{on: true}, time.Unix(0, 0)).event(time.Unix(0, 0), l, "text")
		assert.NotContains(t, plainly.String(), "\x1b")
		assert.Contains(t, coloured.String(), "\x1b[")
		assert.Equal(t, plainly.String(), stripped(coloured.String()))
	}
}

func stripped(s string) string {
	for _, c := range []colour{"0", bold, dim, red, green, yellow, blue, cyan} {
		s = strings.ReplaceAll(s, "\x1b["+string(c)+"m", "")
	}
	return s
}
