package load

import (
	"flag"
	"maps"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/basicflag"

	"github.com/holdfast-go/holdfast/policies"
)

// Flags is a source that reads the flags that were set on the command line and
// are named after a setting, with dots between the levels and "-" as good as
// "_":
//
//	fs.Int("retry_policy.max_attempts", 0, "attempts for every target")
//	fs.String("targets.payment-gateway.pool.workers", "", "…")
//
// Values are read as those of variables are; see [Env]. Other flags, and those
// left at their defaults, say nothing; one with a dot that is nearly named after
// a block of ours, such as -retry_polcy.max_attempts, is an error. The flags must
// be parsed before [Load].
// For github.com/spf13/pflag use [Provider] with koanf's posflag.
func Flags(fs *flag.FlagSet) Source {
	return Source{name: "flags", read: func(content) (document, error) {
		doc, found := document{variables: []variable{}}, policies.Errors(nil)
		if fs == nil {
			return document{}, fault("the flag set is nil; pass flag.CommandLine or one of your own", nil)
		}
		// No flag's name has a NUL byte: the provider is to leave the names whole.
		set, err := basicflag.Provider(fs, "\x00", &basicflag.Opt{KeyMap: setOnly{}}).Read()
		if err != nil {
			return document{}, fault("the flags can't be read: "+err.Error(), err)
		}
		for _, name := range slices.Sorted(maps.Keys(set)) {
			path := divided(strings.Split(name, "."), ".", spelledFlag)
			// A flag of one word, such as -restart, is not a setting but the
			// program's own.
			if text, _ := set[name].(string); isTop(path[0]) && len(path) > 1 {
				doc.variables = append(doc.variables, variable{"-" + name, path, text})
			} else if near := meantFlag(path); near != "" {
				found = append(found, slip("-"+name, "unknown flag; did you mean -"+near+"?"))
			}
		}
		if len(found) > 0 {
			return doc, found
		}
		return doc, nil
	}}
}

// meantFlag returns the setting that a flag is nearly named after, or "". Flags
// are the program's, so it must have one of our settings, or at least two words,
// behind what is nearly one of our blocks.
func meantFlag(path []string) string {
	if len(path) != 2 {
		return ""
	}
	block := policies.Nearest(path[0], blockKeys)
	if block == "" || !strings.EqualFold(block[:1], path[0][:1]) {
		return ""
	}
	key := policies.Nearest(path[1], blocks[block].keys)
	switch {
	case key != "":
		return block + "." + key
	case strings.Contains(block, "_"):
		return block + "." + path[1]
	}
	return ""
}

func spelledFlag(part string) string { return strings.ReplaceAll(part, "-", "_") }

// setOnly has the provider leave out every flag that was not set.
type setOnly struct{}

func (setOnly) Exists(string) bool { return true }
