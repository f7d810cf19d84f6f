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
// control characters, and with no space at either end. Names are compared byte
// by byte. The error is nil or a [FieldError] with the path targets["..."].
func ValidateTargetName(name string) error {
	problem := ""
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	switch {
	case name == "":
		problem = "a target needs a name of 1 to 128 bytes"
	case len(name) > maxTargetName:
		problem = fmt.Sprintf("a target's name has at most %d bytes, this one %d", maxTargetName, len(name))
	case !utf8.ValidString(name):
		problem = "a target's name must be valid UTF-8"
	case unicode.IsSpace(first) || unicode.IsSpace(last):
		problem = "a target's name must not begin or end with a space"
	}
	for _, r := range name {
		if problem == "" && r == '/' {
			problem = `a target's name must not contain "/"`
		}
		if problem == "" && unicode.IsControl(r) {
			problem = "a target's name must not contain control characters"
		}
	}
	if problem == "" {
		return nil
	}
	return &FieldError{Path: "targets[" + quote(name) + "]", Problem: problem}
}
