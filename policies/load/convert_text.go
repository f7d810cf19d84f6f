package load

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// convertText turns the text of a variable or a flag into the value of a
// setting, or says what it must be. A number for a time is seconds.
func convertText(s *setting, text string) (value any, problem string) {
	text = strings.TrimSpace(text)
	switch s.Kind {
	case policies.Boolean:
		switch {
		case strings.EqualFold(text, "true"):
			return true, ""
		case strings.EqualFold(text, "false"):
			return false, ""
		}
		return nil, "must be true or false"
	case policies.Word, policies.Name:
		return text, ""
	}
	f, isNumber := decimal(text)
	switch s.Kind {
	case policies.Duration:
		if isNumber {
			return inSeconds(f)
		}
		return parseDuration(text)
	case policies.Number:
		if isNumber {
			return f, ""
		}
		return nil, "must be a number"
	}
	must := "must be a whole number"
	if s.Never {
		if text == "never" {
			return int64(policies.Never), ""
		}
		must += `, or "never"`
	}
	switch {
	case !isNumber || f != math.Trunc(f):
		return nil, must
	case math.Abs(f) > policies.Never:
		return nil, beyond(s)
	}
	return int64(f), ""
}

// namesOfText divides a list at its commas.
func namesOfText(text string) []string {
	names := strings.Split(text, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// decimal reads a number as people write it: no hexadecimal, no NaN, no
// infinity, and no leading zero, which some read as octal. One that is too great
// becomes infinite.
func decimal(text string) (float64, bool) {
	digits := strings.TrimLeft(text, "+-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return 0, false
	}
	if strings.Trim(digits, "0123456789.eE+-") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}
