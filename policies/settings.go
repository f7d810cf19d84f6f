package policies

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is what a setting holds.
type Kind uint8

// The kinds of settings.
const (
	Boolean Kind = iota + 1
	Integer
	Number
	Duration
	Word  // one of a list of words
	Names // a list of error conditions
	Name  // a name of the user's choice, or "" for none
)

// String returns the kind's name as the documentation has it.
func (k Kind) String() string {
	switch k {
	case Boolean:
		return "boolean"
	case Integer:
		return "integer"
	case Number:
		return "number"
	case Duration:
		return "duration"
	case Word:
		return "word"
	case Names:
		return "list of names"
	case Name:
		return "name"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Setting describes one field of a [Policy] that holds a value: what may stand
// in a file under its key. It is read off the field's type and tags, so that
// validation, loading, the JSON schema and the documentation say the same.
type Setting struct {
	// Path is relative to the policy: "retry_policy.max_attempts".
	Path string
	Kind Kind
	// Least and Most bound the value: a number, nanoseconds, or how many
	// names a list has. Both are allowed, but Least isn't where Over is true.
	// Most is +Inf where nothing but the type bounds the value.
	Least, Most float64
	Over        bool
	// Never says that [Never], in a file "never", turns the rule off.
	Never bool
	// Words are those allowed for a Word.
	Words []string
	// Example is a value as JSON has it, other than the default.
	Example string
	// Since is the version that brought the setting.
	Since string

	index []int
}

// Settings lists every setting of a policy in the order of the structs.
func Settings() []Setting { return slices.Clone(settings) }

// Value returns the setting's field of p: its address is that of p's field,
// so that it can be set.
func (s Setting) Value(p *Policy) reflect.Value {
	return reflect.ValueOf(p).Elem().FieldByIndex(s.index)
}

var settings = settingsOf(reflect.TypeFor[Policy](), nil, "")

// firstVersion is that of the settings without a tag that says otherwise.
const firstVersion = "0.1.0"

func settingsOf(t reflect.Type, index []int, prefix string) []Setting {
	var all []Setting
	for i := range t.NumField() {
		f := t.Field(i)
		at, path := append(slices.Clip(index), i), prefix+f.Tag.Get("koanf")
		if f.Type.Kind() == reflect.Struct {
			all = append(all, settingsOf(f.Type, at, path+".")...)
			continue
		}
		s := Setting{Path: path, Kind: kindOf(f.Type), Words: wordsOf(f.Type), Example: f.Tag.Get("example"), Since: firstVersion, index: at}
		if since := f.Tag.Get("since"); since != "" {
			s.Since = since
		}
		s.bounds(f.Tag.Get("range"))
		all = append(all, s)
	}
	return all
}

func kindOf(t reflect.Type) Kind {
	if t == reflect.TypeFor[time.Duration]() {
		return Duration
	}
	if t == reflect.TypeFor[string]() { // text of a type of its own is one of that type's words
		return Name
	}
	return map[reflect.Kind]Kind{
		reflect.Bool: Boolean, reflect.Int: Integer, reflect.Float64: Number, reflect.String: Word, reflect.Slice: Names,
	}[t.Kind()]
}

func wordsOf(t reflect.Type) []string {
	switch t {
	case reflect.TypeFor[OperationType]():
		return words(OperationTypes())
	case reflect.TypeFor[Jitter]():
		return words(Jitters())
	case reflect.TypeFor[WhenOpen]():
		return words(WhenOpens())
	case reflect.TypeFor[Idempotency]():
		return words(Idempotencies())
	case reflect.TypeFor[WhenExceeded]():
		return words(WhenExceededs())
	case reflect.TypeFor[Escalation]():
		return words(Escalations())
	case reflect.TypeFor[Fault]():
		return words(Faults())
	}
	return nil
}

func words[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = string(w)
	}
	return out
}

// bounds reads a range tag, an interval such as "[1,1000]", "(0,24h]",
// "[0,inf)" or "[1,never]". A tag that is not one is a mistake in this package.
func (s *Setting) bounds(tag string) {
	s.Most = math.Inf(1)
	if tag == "" {
		return
	}
	least, most, _ := strings.Cut(tag[1:len(tag)-1], ",")
	s.Over = tag[0] == '('
	s.Least = bound(least)
	switch most {
	case "never":
		s.Never, s.Most = true, Never
	case "inf":
	default:
		s.Most = bound(most)
	}
}

func bound(text string) float64 {
	if d, err := time.ParseDuration(text); err == nil {
		return float64(d)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic("policies: bad range tag: " + err.Error())
	}
	return f
}
