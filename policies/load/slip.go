package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// speller finds the settings that a variable which is none of ours may be meant
// for: it would do nothing, and nobody would notice.
type speller struct {
	prefix string
	// own says that the prefix is that of this library, so that whatever has it
	// is likely to be meant for us. Under any other everything is the program's.
	own bool
}

func newSpeller(prefix string) speller {
	return speller{prefix: prefix, own: strings.EqualFold(strings.Trim(prefix, "_"), "holdfast")}
}

// meant returns the names of variables that may have been meant, or none. The
// name is what follows the prefix.
func (s speller) meant(name string) []string {
	if !s.own {
		return nil
	}
	var names []string
	for _, path := range meantPaths(strings.ToLower(name)) {
		names = append(names, s.prefix+strings.ToUpper(strings.Join(path, "__")))
	}
	return names
}

func meantPaths(name string) [][]string {
	flat := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' }), "_")
	if path := levels(flat); path != nil {
		return [][]string{path}
	}
	// What is said of one type must not be suggested for all of them.
	for _, t := range typeNames() {
		if rest, ok := strings.CutPrefix(flat, t+"_"); ok {
			paths := meantSettings(rest)
			for i := range paths {
				paths[i] = append([]string{operationTypesKey, t}, paths[i]...)
			}
			return paths
		}
	}
	if path := misspelt(strings.Split(name, "__")); path != nil {
		return [][]string{path}
	}
	if before, path := ending(flat); path != nil {
		return [][]string{append([]string{targetsKey, before}, path...)}
	}
	return meantSettings(flat)
}

// misspelt mends a path that begins nearly as one of ours: with a name of two
// words, or with that of the targets where enough comes after it.
func misspelt(path []string) []string {
	near := policies.Nearest(path[0], topKeys)
	if len(path) < 2 || !strings.Contains(near, "_") && (near != targetsKey || len(path) == 2) {
		return nil
	}
	path[0] = near
	if b := blocks[near]; b != nil {
		path[1] = cmp.Or(policies.Nearest(path[1], b.keys), path[1])
	}
	return path
}

// meantSettings finds the settings for all targets that a name may be meant for.
func meantSettings(flat string) [][]string {
	var whole, keys []string
	for _, block := range blockKeys {
		for _, key := range blocks[block].keys {
			whole = append(whole, block+"_"+key)
			if strings.Contains(key, "_") {
				keys = append(keys, key)
			}
		}
	}
	if near := policies.Nearest(flat, whole); near != "" {
		_, path := ending(near)
		return [][]string{path}
	}
	if near := policies.Nearest(flat, keys); near != "" {
		return byKey(near)
	}
	return byKey(flat)
}

// levels finds the levels in a name that has single underscores between them.
func levels(flat string) []string {
	rest, ok := strings.CutPrefix(flat, targetsKey+"_")
	if !ok {
		rest, ok = strings.CutPrefix(flat, "target_")
	}
	if ok {
		if before, path := ending(rest); path != nil && before != "" {
			return append([]string{targetsKey, before}, path...)
		}
		return nil
	}
	if rest, ok := strings.CutPrefix(flat, operationTypesKey+"_"); ok {
		before, path := ending(rest)
		if _, known := ownType(before); path != nil && known {
			return append([]string{operationTypesKey, before}, path...)
		}
		return nil
	}
	if before, path := ending(flat); before == "" {
		return path
	}
	return nil
}

// ending finds a block and its setting at the end of a name.
func ending(flat string) (before string, path []string) {
	for _, block := range blockKeys {
		for _, key := range blocks[block].keys {
			before, ok := strings.CutSuffix(flat, block+"_"+key)
			if ok && (before == "" || strings.HasSuffix(before, "_")) {
				return strings.TrimSuffix(before, "_"), []string{block, key}
			}
		}
	}
	return "", nil
}

// byKey finds the settings whose key a name ends with, where that says enough:
// by two words, or by one behind a word of its block.
func byKey(flat string) [][]string {
	var all [][]string
	longest := 0
	for _, block := range blockKeys {
		for _, key := range blocks[block].keys {
			before, ok := strings.CutSuffix(flat, key)
			if !ok || before != "" && !strings.HasSuffix(before, "_") || len(key) < longest {
				continue
			}
			before = strings.TrimSuffix(before, "_")
			hinted := before != "" && (slices.Contains(strings.Split(block, "_"), before) || policies.Nearest(before, []string{block}) != "")
			if hinted {
				return [][]string{{block, key}}
			}
			if strings.Contains(key, "_") {
				if len(key) > longest {
					all, longest = nil, len(key)
				}
				all = append(all, []string{block, key})
			}
		}
	}
	return all
}

// slip reports a variable or a flag that is none of ours, and its value stays
// unseen.
func slip(name, problem string) *policies.FieldError {
	return &policies.FieldError{Source: name, Problem: problem}
}
