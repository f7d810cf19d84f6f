package policies

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrInvalid is what errors.Is finds in every error about a bad setting:
// those of [Policy.Validate], of [NewSet] and of package load.
var ErrInvalid = errors.New("invalid policy settings")

const (
	// maxShown bounds, in bytes, how much of a bad value a message shows.
	maxShown = 64
	// maxLines bounds how many settings one message lists.
	maxLines = 100
)

// FieldError is one bad setting. Reach it with errors.As and a *FieldError;
// to see all of them, use [Errors].
type FieldError struct {
	// Source is the file the setting came from, or another source's name.
	// Empty for a policy built in code.
	Source string
	// Line and Column stand in Source, from 1. 0 where they are not known.
	// A column counts characters.
	Line, Column int
	// Path is the field, for example
	// targets.payment_gateway.retry_policy.max_attempts. Empty where the
	// whole source is at fault. See [FieldPath] for how a name is quoted.
	Path string
	// Value is the value that was refused; nil where no value is at fault.
	Value any
	// Problem says what is allowed, and for a misspelt name the nearest one.
	Problem string
	// Related is the path of the other field where two contradict each
	// other, as MinWait and MaxWait can. Empty otherwise.
	Related string
	// Cause is the underlying error, such as fs.ErrNotExist. It may be nil.
	Cause error
	// Omitted is how many further errors this one, the last of a long list,
	// stands for. 0 for any other.
	Omitted int
}

// Error returns the whole report on one line:
//
//	agent_config.json:7:19: retry_policy.max_attempts = 0: must be from 1 to 1000
func (e *FieldError) Error() string {
	var b strings.Builder
	if e.Source != "" {
		b.WriteString(oneLine(e.Source))
		b.WriteString(position(e.Line, e.Column) + ": ")
	}
	if e.Path != "" {
		b.WriteString(oneLine(e.Path))
		if e.Value != nil {
			b.WriteString(" = " + show(e.Value))
		}
		b.WriteString(": ")
	}
	b.WriteString(oneLine(e.Problem))
	return b.String()
}

// Is reports whether target is [ErrInvalid].
func (e *FieldError) Is(target error) bool { return target == ErrInvalid }

// Unwrap returns Cause.
func (e *FieldError) Unwrap() error { return e.Cause }

// Errors is every bad setting that was found, reported together. It is never
// empty where it is returned as an error.
type Errors []*FieldError

// Error returns a heading with the count, then one line for each setting. Past
// the first 100 it says how many more there are; the list itself has them.
func (e Errors) Error() string {
	var b strings.Builder
	count := len(e)
	if count > 0 && e[count-1].Omitted > 0 {
		count += e[count-1].Omitted - 1
	}
	if count == 1 {
		b.WriteString("1 bad setting:")
	} else {
		fmt.Fprintf(&b, "%d bad settings:", count)
	}
	for i, fe := range e {
		if i == maxLines {
			fmt.Fprintf(&b, "\n  and %d more", count-maxLines)
			break
		}
		b.WriteString("\n  " + fe.Error())
	}
	return b.String()
}

// Is reports whether target is [ErrInvalid].
func (e Errors) Is(target error) bool { return target == ErrInvalid }

// Unwrap returns each error, so that errors.As reaches a [FieldError] and
// errors.Is its cause.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, fe := range e {
		all[i] = fe
	}
	return all
}

// orNil keeps an empty list from becoming an error that is not nil.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// FieldPath joins the segments of a field's path with dots. A segment that is
// not made of letters, digits, underscores and hyphens only, as a target's
// name may be, is quoted in brackets: targets["weather.eu"].pool.workers.
func FieldPath(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		switch {
		case !plain(s):
			b.WriteString("[" + quote(s) + "]")
		case b.Len() == 0:
			b.WriteString(s)
		default:
			b.WriteString("." + s)
		}
	}
	return b.String()
}

func plain(s string) bool {
	for _, r := range s {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return s != "" && len(s) <= maxTargetName
}

func quote(s string) string {
	if len(s) <= maxShown {
		return strconv.Quote(s)
	}
	cut := maxShown
	for cut > maxShown-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]+"…") + fmt.Sprintf(" (%d bytes)", len(s))
}

// show prints a value as a file would have it: text in quotes, numbers plain.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case float64:
		format := byte('f')
		if v >= 1e21 || v <= -1e21 || (v != 0 && v > -1e-6 && v < 1e-6) {
			format = 'g'
		}
		return strconv.FormatFloat(v, format, -1, 64)
	}
	s := fmt.Sprintf("%v", v)
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return oneLine(s)
}

// oneLine keeps a report on one line whatever a file or a parser put into it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case r < ' ', r == 0x7f:
			return -1
		}
		return r
	}, s)
}
