package settings

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// fallback is a built-in value of a setting as a JSON file has it.
type fallback struct {
	of   policies.OperationType
	json string
}

// fallbacks returns the built-in value for each operation type, or only one,
// of no type, where they are all the same.
func (s setting) fallbacks() ([]fallback, error) {
	if s.Path == "type" {
		// A target without a type is one that is called (see package load).
		return []fallback{{json: `"api"`}}, nil
	}
	var all []fallback
	same := true
	for _, t := range policies.OperationTypes() {
		text, err := compact(s.inFile(policies.Default(t)))
		if err != nil {
			return nil, err
		}
		all = append(all, fallback{of: t, json: text})
		same = same && text == all[0].json
	}
	if same {
		return []fallback{{json: all[0].json}}, nil
	}
	return all, nil
}

// inFile returns p's value of the setting as a file has it.
func (s setting) inFile(p policies.Policy) any {
	switch v := s.Value(&p).Interface().(type) {
	case time.Duration:
		return v.Seconds()
	case int:
		if s.Never && v == policies.Never {
			return "never"
		}
		return v
	case []string:
		return append([]string{}, v...) // a nil list would be null
	default:
		return v
	}
}

// byType is the built-in values in one line: "worker 3, storage 5".
func byType(all []fallback, space string, format func(json string) string) string {
	each := make([]string, len(all))
	for i, f := range all {
		if each[i] = format(f.json); f.of != "" {
			each[i] = string(f.of) + space + each[i]
		}
	}
	return strings.Join(each, ", ")
}

// allowed says in Markdown what the setting may be.
func (s setting) allowed() string {
	switch s.Kind {
	case policies.Boolean:
		return "`true` or `false`"
	case policies.Word:
		words := make([]string, len(s.Words))
		for i, w := range s.Words {
			words[i] = code(strconv.Quote(w))
		}
		return strings.Join(words, ", ")
	case policies.Names:
		return "up to " + code(s.bound(s.Most)) + " [error conditions](#error-conditions)"
	case policies.Name:
		return "a name, or `\"\"` for none"
	}
	least, most := code(s.bound(s.Least)), code(s.bound(s.Most))
	switch {
	case s.Never:
		return least + " or more, or `\"never\"`"
	case math.IsInf(s.Most, 1) && s.Over:
		return "over " + least
	case math.IsInf(s.Most, 1):
		return least + " or more"
	case s.Over:
		return "over " + least + ", up to " + most
	}
	return least + " to " + most
}

// bound is a bound as a file has it.
func (s setting) bound(v float64) string {
	if s.Kind != policies.Duration || v == 0 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	text := time.Duration(v).String() // 24h0m0s
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return strconv.Quote(text)
}

func code(text string) string { return "`" + text + "`" }
