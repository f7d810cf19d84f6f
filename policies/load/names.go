package load

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/holdfast-go/holdfast/policies"
)

// names knows the spelling of every target, by its folded form, so that a
// variable can name one: PAYMENT_GATEWAY is payment-gateway, if there is such
// a target.
type names map[string]spelling

type spelling struct {
	name   string
	source int
}

// namesOf collects the names of all documents that spell them. Of two
// spellings the earlier source's counts, and in one source the lesser; one that
// can't be a name does not.
func namesOf(docs []document) names {
	all := make([][]string, len(docs))
	count := 0
	for i, doc := range docs {
		all[i] = doc.targets()
		count += len(all[i])
	}
	n := make(names, count+4)
	for _, t := range typeNames() {
		n[t] = spelling{t, -1}
	}
	for i := range docs {
		for _, name := range all[i] {
			f := fold(name)
			have, known := n[f]
			if known && (have.source != i || name > have.name) || policies.ValidateTargetName(name) != nil {
				continue
			}
			n[f] = spelling{name, i}
		}
	}
	return n
}

// targets lists the targets a document names as they are spelt.
func (d document) targets() []string {
	if d.folded {
		return nil
	}
	block, isBlock := d.values[targetsKey].(map[string]any)
	all := make([]string, 0, len(d.declared)+len(d.given)+len(block))
	all = slices.AppendSeq(all, maps.Keys(d.declared))
	all = slices.AppendSeq(all, maps.Keys(d.given))
	all = slices.AppendSeq(all, maps.Keys(block))
	if r := reflect.ValueOf(d.values[targetsKey]); !isBlock && r.Kind() == reflect.Map {
		for key := range r.Seq() {
			all = append(all, fmt.Sprint(key.Interface()))
		}
	}
	for _, v := range d.variables {
		if d.values == nil && v.path[0] == targetsKey { // not nested yet; it has a setting
			all = append(all, v.path[1])
		}
	}
	return all
}

// resolve returns the spelling of a name that a variable of a source gives. A
// name that nobody spells is from now on spelt in lower case.
func (n names) resolve(folded string, source int) string {
	f := fold(folded)
	spelt, known := n[f]
	if !known {
		spelt = spelling{strings.ToLower(folded), source}
		n[f] = spelt
	}
	return spelt.name
}

// collisions reports the targets of a document whose names differ from that of
// another only in case, punctuation or the way Unicode encodes them: nobody
// could tell them apart in a variable, a metric or a log.
func (c *checker) collisions(n names) {
	for _, name := range c.doc.targets() {
		first := n[fold(name)].name
		if first == name || policies.ValidateTargetName(name) != nil {
			continue
		}
		problem := fmt.Sprintf("there is also a target %q, which differs only in case or punctuation; spell it one way, or choose another name", first)
		if norm.NFKC.String(first) == norm.NFKC.String(name) {
			problem = fmt.Sprintf("there is also a target %+q, which differs only in how Unicode encodes it, this one being %+q; spell it one way", first, name)
		}
		c.report([]string{targetsKey, name}, nil, problem)
	}
}

// fold reduces a name to lower case, with single underscores for punctuation,
// spaces and what else of ASCII is neither letter nor digit.
func fold(name string) string {
	if isFolded(name) {
		return name
	}
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKC.String(name) {
		if unicode.IsPunct(r) || unicode.IsSpace(r) || r < unicode.MaxASCII && unicode.IsSymbol(r) {
			gap = true
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	if gap {
		b.WriteByte('_')
	}
	return b.String()
}

// isFolded is true of nearly all names there are.
func isFolded(name string) bool {
	last := byte('_')
	for i := range len(name) {
		b := name[i]
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && (b != '_' || last == '_' && i > 0) {
			return false
		}
		last = b
	}
	return true
}
