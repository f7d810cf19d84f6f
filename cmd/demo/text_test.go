package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/actors"
)

// A line that is too long, or that an error breaks in two, makes the stream
// unreadable; control characters could even drive the terminal.
func TestFit(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", ""}, {"four", "four"}, {"five!", "five!"}, {"sixsix", "sixs…"},
		{"äöüäöü", "äöüä…"}, {"a\nb", "a b"}, {"a\x1b[2J", "a [2J"},
	} {
		got := fit(tc.text, 5)
		assert.Equal(t, tc.want, got)
		assert.LessOrEqual(t, utf8.RuneCountInString(got), 5)
	}
}

func TestBriefKeepsWhatMatters(t *testing.T) {
	refused := &url.Error{Op: "Get", URL: "http://127.0.0.1:1/", Err: &net.OpError{
		Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
	}}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{refused, "connection refused"},
		{fmt.Errorf("after 4 attempts: %w", refused), "connection refused"},
		{&url.Error{Op: "Get", URL: "http://127.0.0.1:1/", Err: errors.New("EOF")}, "EOF"},
		{answered(503, "1"), "503 Service Unavailable"},
		{errors.Join(refused, actors.ErrOpen), "the breaker is open"},
		{&url.Error{Op: "Get", URL: "u", Err: context.DeadlineExceeded}, "the deadline passed"},
		{errors.New("as it is"), "as it is"},
	} {
		assert.Equal(t, tc.want, brief(tc.err))
	}
}

func TestShort(t *testing.T) {
	for _, tc := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0 µs"}, {999 * time.Microsecond, "999 µs"}, {1500 * time.Microsecond, "1.5 ms"},
		{12345 * time.Microsecond, "12 ms"}, {999 * time.Millisecond, "999 ms"},
		{1234 * time.Millisecond, "1.23 s"}, {12345 * time.Millisecond, "12.3 s"},
	} {
		assert.Equal(t, tc.want, short(tc.d))
	}
}

func TestWrap(t *testing.T) {
	assert.Equal(t, []string{"one two", "three", "four"}, wrap("one two three four", 8))
	assert.Equal(t, []string{"overlong", "a b"}, wrap("overlong a b", 3))
}
