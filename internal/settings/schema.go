package settings

import (
	"encoding/json"
	"math"

	"github.com/holdfast-go/holdfast/policies"
)

const (
	// term is one part of a duration's text, as [time.ParseDuration] has it.
	// Both signs for micro are allowed.
	term = `([0-9]+(\.[0-9]*)?|\.[0-9]+)(h|m|s|ms|us|` + "\u00b5s|\u03bcs" + `|ns)`
	// durationText is a whole one. A minus makes no sense for a time to wait.
	durationText = `^\+?(` + term + `)+$`
	// somethingOver finds a digit other than 0.
	somethingOver = `[1-9]`
	// mostSeconds are those that fit into a [time.Duration]: 292 years.
	mostSeconds = math.MaxInt64 / 1_000_000_000
)

// schemaOfSetting says what may stand under the setting's key. Null, which
// says nothing, may always.
func schemaOfSetting(s setting) (object, error) {
	o, err := s.described()
	if err != nil {
		return nil, err
	}
	switch s.Kind {
	case policies.Boolean:
		o = append(o, types("boolean"))
	case policies.Integer:
		// No integer is greater than Never (see package load).
		bounds := s.bounds(1, policies.Never)
		if s.Never {
			o = append(append(o, types("integer", "string")), bounds...)
			o = append(o, keyed{"pattern", "^never$"})
			break
		}
		o = append(append(o, types("integer")), bounds...)
	case policies.Number:
		o = append(append(o, types("number")), s.bounds(1, math.Inf(1))...)
	case policies.Duration:
		o = append(append(o, types("number", "string")), s.bounds(1e9, mostSeconds)...)
		o = append(o, keyed{"pattern", durationText})
		if s.Over {
			o = append(o, keyed{"allOf", []object{{{"pattern", somethingOver}}}})
		}
	case policies.Word:
		o = append(o, keyed{"enum", orNull(s.Words)})
	case policies.Names:
		o = append(o, types("array"), keyed{"items", reference(conditionKey)}, keyed{"maxItems", s.Most})
	case policies.Name:
		o = append(o, types("string"), keyed{"maxLength", longestName}, keyed{"pattern", "^(" + anyName + ")?$"})
	}
	return o, nil
}

// described begins the schema of a setting with what an editor shows.
func (s setting) described() (object, error) {
	text, err := s.comment.in(plainStyle)
	if err != nil {
		return nil, err
	}
	text = paragraphs(text)
	all, err := s.fallbacks()
	if err != nil {
		return nil, err
	}
	if len(all) > 1 {
		text += "\n\nThe defaults: " + byType(all, " ", func(json string) string { return json }) + "."
	}
	for i, w := range s.words {
		word, err := w.in(plainStyle)
		if err != nil {
			return nil, err
		}
		separator := "\n"
		if i == 0 {
			separator = "\n\n"
		}
		text += separator + paragraphs(word)
	}
	o := object{{"description", text}}
	if len(all) == 1 {
		o = append(o, keyed{"default", json.RawMessage(all[0].json)})
	}
	examples := []any{json.RawMessage(s.Example)}
	if s.Never {
		examples = append(examples, "never")
	}
	return append(o, keyed{"examples", examples}), nil
}

// bounds are those of a number, in units of unit, of which the type itself
// takes no more than most.
func (s setting) bounds(unit, most float64) object {
	least := keyed{"minimum", s.Least / unit}
	if s.Over {
		least.key = "exclusiveMinimum"
	}
	bounds := object{least}
	if most = min(s.Most/unit, most); !math.IsInf(most, 1) {
		bounds = append(bounds, keyed{"maximum", most})
	}
	return bounds
}

func types(names ...string) keyed { return keyed{"type", append(names, "null")} }

// orNull are the words that are allowed; null says nothing.
func orNull(words []string) []any {
	all := make([]any, len(words), len(words)+1)
	for i, w := range words {
		all[i] = w
	}
	return append(all, nil)
}
