package policies

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// maxTargetName is the greatest length of a target's name, in bytes.
const maxTargetName = 128

// ValidateTargetName reports whether name may name a target: 1 to 128 bytes of
// UTF-8 without "/", which separates the parts of an actor's address, without
// control characters, without the format characters that nobody sees (a
// zero-width space, a change of direction; [unicode.Cf]), and with no space at
// either end. Names are compared byte by byte. The error is nil or a [FieldError] with the path targets["..."].
func ValidateTargetName(name string) error {
	problem := "a target needs a name of 1 to 128 bytes"
	if name != "" {
		problem = nameProblem("a target's name", name)
	}
	if problem == "" {
		return nil
	}
	return &FieldError{Path: "targets[" + quote(name) + "]", Problem: problem}
}

// nameProblem says what is wrong with a name that is not empty, whatever it
// names; subject begins the sentence.
func nameProblem(subject, name string) string {
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	switch {
	case len(name) > maxTargetName:
		return fmt.Sprintf("%s has at most %d bytes, this one %d", subject, maxTargetName, len(name))
	case !utf8.ValidString(name):
		return subject + " must be valid UTF-8"
	case unicode.IsSpace(first) || unicode.IsSpace(last):
		return subject + " must not begin or end with a space"
	}
	for _, r := range name {
		switch {
		case r == '/':
			return subject + ` must not contain "/"`
		case unicode.IsControl(r):
			return subject + " must not contain control characters"
		case r >= utf8.RuneSelf && unicode.Is(unicode.Cf, r):
			return fmt.Sprintf("%s must not contain characters that can't be seen, such as %U", subject, r)
		}
	}
	return ""
}
