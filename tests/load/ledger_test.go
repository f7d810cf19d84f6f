//go:build unix

package load_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// ledger keeps its own account of every operation, with no help from the code
// under test. An operation takes one word, so that there can be millions.
type ledger struct {
	entries []atomic.Uint32

	attempts, double, over, late, wrong atomic.Int64

	mu    sync.Mutex
	lines []string
}

// What a word holds: how many attempts began and how many outcomes there were,
// and what is known besides.
const (
	oneAttempt = 1
	oneOutcome = 1 << 8
	succeeded  = 1 << 16 // an attempt went well
	refused    = 1 << 17 // the caller was told that it never ran
	left       = 1 << 18 // its caller may leave
)

func attemptsOf(word uint32) int { return int(word % oneOutcome) }
func outcomesOf(word uint32) int { return int(word >> 8 % 256) }

func newLedger(operations int) *ledger { return &ledger{entries: make([]atomic.Uint32, operations)} }

// begin notes that an attempt of operation i starts, and gives its number.
//
// Beginning and leaving behind are two steps that race, as a goroutine may be
// held up before the function's first line. Such a function finds its context
// done, and may come after the outcome.
func (l *ledger) begin(ctx context.Context, i int, k *kind) int {
	word := l.entries[i].Add(oneAttempt)
	n := attemptsOf(word)
	l.attempts.Add(1)
	if n > k.most {
		l.complain(&l.over, i, k, "attempt %d of at most %d", n, k.most)
	}
	if k.inTurn && word&succeeded != 0 {
		l.complain(&l.late, i, k, "attempt %d after one that went well", n)
	}
	if !k.beside && outcomesOf(word) > 0 && word&left == 0 && ctx.Err() == nil {
		l.complain(&l.late, i, k, "attempt %d after the outcome", n)
	}
	return n
}

// succeed notes that an attempt goes well. It is called before it returns.
func (l *ledger) succeed(i int) { l.entries[i].Or(succeeded) }

// leave notes that the caller of operation i may leave before its end.
func (l *ledger) leave(i int) { l.entries[i].Or(left) }

// outcome is what a caller was told of its operation.
type outcome struct {
	value   int
	err     error
	refused bool // it says that nothing ran
}

// settle notes the outcome of operation i.
func (l *ledger) settle(i int, k *kind, o outcome) {
	if o.refused {
		l.entries[i].Or(refused)
	}
	word := l.entries[i].Add(oneOutcome)
	switch {
	case outcomesOf(word) > 1:
		l.complain(&l.double, i, k, "a second outcome: %v", o.err)
	case o.err == nil && word&succeeded == 0:
		l.complain(&l.wrong, i, k, "a success that never was")
	case o.err == nil && o.value != i:
		l.complain(&l.wrong, i, k, "the value of operation %d", o.value)
	case o.err != nil && k.inTurn && word&(succeeded|left) == succeeded:
		l.complain(&l.wrong, i, k, "a success that was withheld: %v", o.err)
	case o.err != nil && word&left == 0 && k.inTurn && attemptsOf(word) == 0 && !o.refused:
		l.complain(&l.wrong, i, k, "it never ran, and the error doesn't say so: %v", o.err)
	}
}

// close looks at what only shows at the end, when nothing runs any more, and
// gives the number of operations without outcome.
func (l *ledger) close(kindOf func(i int) *kind) (lost int) {
	for i := range l.entries {
		word := l.entries[i].Load()
		if outcomesOf(word) == 0 {
			lost++
		}
		if word&refused != 0 && attemptsOf(word) > 0 {
			l.complain(&l.wrong, i, kindOf(i), "it ran, and its caller was told that it had not")
		}
	}
	return lost
}

// mostLines bounds how many complaints are kept.
const mostLines = 20

// complain counts something that must not be, and says what it was.
func (l *ledger) complain(count *atomic.Int64, i int, k *kind, format string, args ...any) {
	count.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) < mostLines {
		l.lines = append(l.lines, fmt.Sprintf("operation %d on %s: ", i, k.target)+fmt.Sprintf(format, args...))
	}
}

func (l *ledger) complaints() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

// verdict is the part of the line that programs read.
func (l *ledger) verdict(lost int) string {
	return fmt.Sprintf("operations=%d attempts=%d lost=%d double=%d over=%d late=%d wrong=%d", len(l.entries), l.attempts.Load(),
		lost, l.double.Load(), l.over.Load(), l.late.Load(), l.wrong.Load())
}
