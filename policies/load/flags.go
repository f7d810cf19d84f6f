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
// Values are read as those of variables are; see [Env]. Flags left at their
// defaults say nothing. Flags are the program's, so most that are not named after
// a setting are left alone: -restart, -pool.size, -targets.file. One that must be
// meant for us is an error: with an unknown key under a block of two words or
// more (-retry_policy.size), a misspelt one under another (-pool.worker), a
// misspelt block (-retry_polcy.max_attempts), or one that is cut short before a
// setting of two words (-retry.max_attempts). The flags must be parsed before
// [Load].
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
			if text, _ := set[name].(string); isOurFlag(path) {
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

// isOurFlag is true of the path of a flag that is to be read as a setting, if
// only to say what is wrong with it.
func isOurFlag(path []string) bool {
	switch {
	case !isTop(path[0]) || len(path) == 1:
		return false
	case path[0] == targetsKey:
		return len(path) > 2
	case strings.Contains(path[0], "_"):
		return true
	}
	b := blocks[path[0]]
	return len(path) == 2 && (b.settings[path[1]] != nil || policies.Nearest(path[1], b.keys) != "")
}

// meantFlag returns the setting that a flag is nearly named after, or "". It
// must have one of our settings, or at least two words, behind what is nearly
// one of our blocks.
func meantFlag(path []string) string {
	if isTop(path[0]) {
		return ""
	}
	if len(path) > 2 {
		return meantDeepFlag(path)
	}
	if len(path) < 2 {
		return ""
	}
	block := policies.Nearest(path[0], blockKeys)
	if block == "" || !strings.EqualFold(block[:1], path[0][:1]) {
		return shortFlag(path)
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

// shortFlag finds the block that begins or ends with a flag's first word and has
// its second, if that is of two words.
func shortFlag(path []string) string {
	if !strings.Contains(path[1], "_") {
		return ""
	}
	for _, block := range blockKeys {
		if slices.Contains(strings.Split(block, "_"), path[0]) && blocks[block].settings[path[1]] != nil {
			return block + "." + path[1]
		}
	}
	return ""
}

// meantDeepFlag is for what should be the setting of a target or of an operation
// type.
func meantDeepFlag(path []string) string {
	block, key := path[len(path)-2], path[len(path)-1]
	if b := blocks[block]; b == nil || b.settings[key] == nil {
		return ""
	}
	if _, isType := ownType(path[0]); isType && len(path) == 3 {
		return operationTypesKey + "." + strings.Join(path, ".")
	}
	if near := policies.Nearest(path[0], []string{operationTypesKey, targetsKey}); near != "" && len(path) > 3 {
		return near + "." + strings.Join(path[1:], ".")
	}
	return ""
}

func spelledFlag(part string) string { return strings.ReplaceAll(part, "-", "_") }

// setOnly has the provider leave out every flag that was not set.
type setOnly struct{}

func (setOnly) Exists(string) bool { return true }
