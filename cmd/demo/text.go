package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// width is the number of columns the demo writes in.
const width = 80

// fit puts text on one line of at most columns characters, the last an
// ellipsis where something was cut off. Control characters become blanks.
func fit(text string, columns int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if utf8.RuneCountInString(text) <= columns {
		return text
	}
	return string([]rune(text)[:columns-1]) + "…"
}

// brief is an error's message without what every line would repeat: the URL,
// the addresses of a connection, the name of the target.
func brief(err error) string {
	if errors.Is(err, actors.ErrOpen) {
		return "the breaker is open"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "the deadline passed"
	}
	var answer *classify.StatusError
	if errors.As(err, &answer) {
		return fmt.Sprintf("%d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	var op *net.OpError
	var call *os.SyscallError
	if errors.As(err, &op) && errors.As(op.Err, &call) {
		return call.Err.Error()
	}
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err.Error()
	}
	return err.Error()
}

// short writes a duration with two or three significant digits.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d µs", d.Microseconds())
}
