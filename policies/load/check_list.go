package load

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// names checks a list of error conditions, each entry by itself.
func (c *checker) names(l *layer, s *setting, v any) {
	names, odd, isList := convertNames(v)
	if text, isText := v.(string); isText && c.doc.variables != nil {
		names, isList = namesOfText(text), true
	}
	switch {
	case !isList:
		c.unfit(l, s, v, "must be a list of names")
		return
	case len(names) > int(s.Most):
		c.outOfRange(l, s, v, names, s.Check(names))
		return
	}
	wrong := 0
	for i, name := range names {
		switch _, known := classify.Lookup(name); {
		case known:
			continue
		case len(odd) > 0 && odd[0] == i:
			odd = odd[1:]
			c.reject(l, s, scalar(v.([]any)[i]), "must be text, the name of an error condition", i)
		case strings.TrimSpace(name) == "":
			c.reject(l, s, name, "must name an error condition, not be empty", i)
		default:
			// To look for the name that was meant takes long.
			e := c.reject(l, s, nil, "", i)
			c.found.later(func() { e.Problem = unknownCondition(name) })
		}
		wrong++
	}
	if wrong == 0 {
		l.put(given{setting: s, value: names, source: c.source})
	}
}

func unknownCondition(name string) string {
	var unknown *classify.UnknownNamesError
	if _, err := classify.ParseConditions([]string{name}); errors.As(err, &unknown) {
		return unknown.Names[0].String()
	}
	return "unknown error condition"
}

// opposites are pairs of lists that say the opposite of each other. Of two
// blocks or two sources each may have its say, and the documentation says which
// one wins; in one block a name in both is a slip.
var opposites = map[string][][2]string{
	"retry_policy":    {{"never_retry", "retry_on"}, {"never_retry", "custom_exceptions"}},
	"circuit_breaker": {{"ignore", "trip_on"}},
}

// lists reports the names that two opposite lists of a block have in common.
func (c *checker) lists(l *layer, block string) {
	for _, pair := range opposites[block] {
		at, other := blocks[block].settings[pair[0]], blocks[block].settings[pair[1]]
		names, others := c.list(l, at), c.list(l, other)
		if len(names) == 0 || len(others) == 0 {
			continue
		}
		there := make(map[string]bool, len(others))
		for _, name := range others {
			there[name] = true
		}
		for i, name := range names {
			if !there[name] {
				continue
			}
			there[name] = false // told once
			e := c.report(append(slices.Clip(l.path), block, at.key), name, "is in "+other.key+" as well; keep it in one of them", i)
			e.Related = policies.FieldPath(append(slices.Clip(l.path), block, other.key)...)
		}
	}
}

// list is what this source gives for a list.
func (c *checker) list(l *layer, s *setting) []string {
	g, ok := l.find(s)
	if !ok || g.source != c.source {
		return nil
	}
	names, _ := g.value.([]string)
	return names
}

// entryAt returns where an entry of a list stands.
func (c *checker) entryAt(path []string) (place, bool) {
	if c.doc.entries == nil {
		return place{}, false
	}
	if c.entries == nil {
		c.entries = c.doc.entries()
	}
	h := pathHash(0)
	for _, key := range path {
		h = h.under(key)
	}
	return c.entries.find(h)
}

// index is that of an entry of a list as a path has it.
func index(i int) string { return "[" + strconv.Itoa(i) + "]" }
