package settings

import (
	"strings"
	"unicode"

	"github.com/holdfast-go/holdfast/policies"
)

const (
	dialect  = "https://json-schema.org/draft/2020-12/schema"
	schemaID = "https://raw.githubusercontent.com/holdfast-go/holdfast/main/docs/holdfast.schema.json"

	// notAtEnds are the characters that no name may have at an end,
	// and notInside those that it may nowhere have: slashes and control
	// characters, and at the ends also spaces, as [unicode.IsSpace] has them.
	// [unseen] has the others.
	notInside = `/\x00-\x1f\x7f-\x9f`
	notAtEnds = `/\x00-\x20\x7f-\xa0` + "\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
	// longestName is in bytes, which a schema can't count.
	longestName = 128

	conditionKey = "error_condition"
)

// anyName is what [policies.ValidateTargetName] says of characters.
var anyName = `[^` + notAtEnds + unseen() + `]([^` + notInside + unseen() + `]*[^` + notAtEnds + unseen() + `])?`

// unseen are the format characters that no name may have, as far as all who read
// patterns can tell them: not those of more than 16 bits.
func unseen() string {
	var b strings.Builder
	for _, r := range unicode.Cf.R16 {
		for c := r.Lo; ; c += r.Stride {
			b.WriteRune(rune(c))
			if r.Stride == 1 && r.Lo < r.Hi {
				b.WriteString("-" + string(rune(r.Hi)))
				break
			}
			if c == r.Hi {
				break
			}
		}
	}
	return b.String()
}

// schemaOf makes the whole schema. The blocks stand in it once, and what may
// have them refers to them.
func schemaOf(blocks []block, families []family) ([]byte, error) {
	own, err := schemaOfSettings(blocks[0])
	if err != nil {
		return nil, err
	}
	definitions, references := object{}, object{}
	for _, b := range blocks[1:] {
		definition, err := schemaOfBlock(b)
		if err != nil {
			return nil, err
		}
		definitions = append(definitions, keyed{b.key, definition})
		references = append(references, keyed{b.key, reference(b.key)})
	}
	definitions = append(definitions,
		keyed{"operation_type", closed("Settings for the targets of one operation type.", references)},
		keyed{"target", closed("The settings of one target, over those of its operation type.", append(own, references...))},
		keyed{conditionKey, errorCondition(families)},
	)
	top := object{{"$schema", object{{"description", "Where an editor finds this schema."}}}}
	top = append(top, references...)
	top = append(top, keyed{"operation_types", operationTypes()}, keyed{"targets", targets()})
	return indented(object{
		{"$schema", dialect},
		{"$id", schemaID},
		{"title", "Holdfast configuration"},
		{"description", "Retry, circuit breaker and the other settings. The blocks at the top level are for every target; " +
			"operation_types, and over them targets, say what is different. Any other key at the top level is left alone."},
		types("object"),
		{"properties", top},
		{"additionalProperties", true},
		{"$defs", definitions},
	})
}

func operationTypes() object {
	each := object{}
	for _, t := range policies.OperationTypes() {
		each = append(each, keyed{string(t), reference("operation_type")})
	}
	return closed("What is different for the targets of an operation type.", each)
}

// targets allows any name. A target named after an operation type has no other
// type.
func targets() object {
	each := object{}
	for _, t := range policies.OperationTypes() {
		own := object{{"properties", object{{"type", object{{"enum", orNull([]string{string(t)})}}}}}}
		each = append(each, keyed{string(t), object{{"allOf", []object{reference("target"), own}}}})
	}
	return object{
		{"description", "What is different for one target, by its name."},
		types("object"),
		{"propertyNames", object{{"maxLength", longestName}, {"pattern", "^" + anyName + "$"}}},
		{"properties", each},
		{"additionalProperties", reference("target")},
	}
}

// errorCondition allows any name, for a program can register its own. The
// examples are for an editor to complete.
func errorCondition(families []family) object {
	var known []string
	for _, f := range families {
		for _, n := range f.Names {
			known = append(known, n.Name)
		}
	}
	return object{
		{"description", "The name of an error condition."},
		{"type", "string"},
		{"pattern", `\S`},
		{"examples", known},
	}
}

func schemaOfBlock(b block) (object, error) {
	text, err := b.comment.in(plainStyle)
	if err != nil {
		return nil, err
	}
	properties, err := schemaOfSettings(b)
	return closed(paragraphs(text), properties), err
}

func schemaOfSettings(b block) (object, error) {
	properties := object{}
	for _, s := range b.settings {
		one, err := schemaOfSetting(s)
		if err != nil {
			return nil, err
		}
		properties = append(properties, keyed{s.key, one})
	}
	return properties, nil
}

// closed is a block in which an unknown key is an error.
func closed(description string, properties object) object {
	return object{
		{"description", description},
		types("object"),
		{"properties", properties},
		{"additionalProperties", false},
	}
}

func reference(definition string) object { return object{{"$ref", "#/$defs/" + definition}} }
