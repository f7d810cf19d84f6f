package main

import (
	"encoding/json"
	"io"
	"reflect"

	"github.com/holdfast-go/holdfast/policies"
)

// checked is what -check -json writes: by target and by setting, such as
// retry_policy.max_attempts.
type checked struct {
	Targets map[string]map[string]checkedSetting `json:"targets"`
}

// checkedSetting is one resolved value.
type checkedSetting struct {
	// Value is as JSON has it in a file: a boolean, a number, a list, or text
	// such as "1m30s" and "never".
	Value any `json:"value"`
	// Default says that it is the value that is built in, also where a source
	// says the same.
	Default bool          `json:"default"`
	Origin  checkedOrigin `json:"origin"`
}

// checkedOrigin is where a value comes from, as policies.Origin has it.
type checkedOrigin struct {
	// Source is "default" for what is built in.
	Source  string `json:"source"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Path    string `json:"path,omitempty"`
	Follows string `json:"follows,omitempty"`
}

// writeCheckJSON writes the policies of targets as one object.
func writeCheckJSON(w io.Writer, targets []resolved) error {
	all := checked{Targets: map[string]map[string]checkedSetting{}}
	for _, target := range targets {
		settings := map[string]checkedSetting{}
		for i, s := range policies.Settings() {
			f := target.fields[i]
			o := f.Origin
			if o == (policies.Origin{}) {
				o.Source = o.String()
			}
			settings[f.Path] = checkedSetting{
				Value: jsonValue(s, s.Value(&target.policy), f.Value), Default: f.Default, Origin: checkedOrigin(o),
			}
		}
		all.Targets[target.name] = settings
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(all)
}

// jsonValue returns the value as a program wants it, and text as a file has it
// where that says more than a number.
func jsonValue(s policies.Setting, v reflect.Value, text string) any {
	switch {
	case s.Never && v.Int() == policies.Never, s.Kind == policies.Duration, s.Kind == policies.Word:
		return text
	case s.Kind == policies.Names && v.Len() == 0:
		return []string{} // an empty list, not null
	}
	return v.Interface()
}
