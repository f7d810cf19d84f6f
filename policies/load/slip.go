package load

import (
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// speller finds the settings that a variable which is none of ours may be meant
// for: it would do nothing, and nobody would notice.
type speller struct {
	prefix string
	// own says that the prefix is that of this library, so that whatever has it
	// is likely to be meant for us. Under one of the user's own only a name that
	// has all our words is.
	own bool
}

func newSpeller(prefix string) speller {
	return speller{prefix: prefix, own: strings.EqualFold(strings.Trim(prefix, "_"), "holdfast")}
}

// meant returns the names of variables that may have been meant, or none. The
// name is what follows the prefix.
func (s speller) meant(name string) []string {
	if s.prefix == "" {
		return nil // it is the environment of everybody
	}
	flat := strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '_' }), "_")
	if path := s.divided(flat); path != nil {
		return []string{s.spell(path...)}
	}
	if !s.own {
		return nil
	}
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
		return []string{s.spell(s.divided(near)...)}
	}
	if near := policies.Nearest(flat, keys); near != "" {
		return s.byKey(near)
	}
	return s.byKey(flat)
}

// divided finds the levels in a name that has single underscores between them.
func (s speller) divided(flat string) []string {
	rest, singular := strings.CutPrefix(flat, "target_")
	if name, ok := strings.CutPrefix(flat, targetsKey+"_"); ok || singular && s.own {
		if ok {
			rest = name
		}
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
// by two words, or by one that stands alone or behind a word of its block.
func (s speller) byKey(flat string) []string {
	var all []string
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
				return []string{s.spell(block, key)}
			}
			if before == "" || strings.Contains(key, "_") {
				if len(key) > longest {
					all, longest = nil, len(key)
				}
				all = append(all, s.spell(block, key))
			}
		}
	}
	return all
}

func (s speller) spell(path ...string) string {
	return s.prefix + strings.ToUpper(strings.Join(path, "__"))
}

// slip reports a variable or a flag that is none of ours, and its value stays
// unseen.
func slip(name, problem string) *policies.FieldError {
	return &policies.FieldError{Source: name, Problem: problem}
}
