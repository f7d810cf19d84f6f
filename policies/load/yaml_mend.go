package load

import (
	"fmt"

	yamltree "go.yaml.in/yaml/v3"

	"github.com/holdfast-go/holdfast/policies"
)

// yamlMend reports what the parser would refuse about a tree whose syntax is
// right, and takes it out, so that the rest can be read. The parser would say
// less, and some of it about what is not ours to show.
type yamlMend struct {
	found policies.Errors
	// anchored counts the anchors around, by which what is not ours may become
	// ours.
	anchored int
	// changed says that the tree is no longer what the text says.
	changed bool
}

// node mends what stands under a path, as far as our keys go. foreign says that
// the path goes no further.
func (m *yamlMend) node(n *yamltree.Node, path []string, foreign bool) {
	if n.Anchor != "" {
		m.anchored++
		defer func() { m.anchored-- }()
	}
	switch n.Kind {
	case yamltree.ScalarNode:
		if badTag(n) {
			m.report(n, path, "the value can't be what its tag says, "+n.ShortTag())
			n.Tag, n.Value = "!!null", ""
		}
	case yamltree.SequenceNode:
		for _, inner := range n.Content {
			m.node(inner, path, true)
		}
	case yamltree.MappingNode:
		m.mapping(n, path, foreign)
	}
}

func (m *yamlMend) mapping(n *yamltree.Node, path []string, foreign bool) {
	lines := make(map[string]int, len(n.Content)/2)
	kept := n.Content[:0]
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := m.key(n.Content[i], foreign), n.Content[i+1]
		if key.Kind != yamltree.ScalarNode {
			m.report(key, path, "a key must be text, not a list or a mapping")
			continue
		}
		inner, beyond := path, foreign
		if !foreign {
			inner = append(path[:len(path):len(path)], key.Value)
			beyond = len(inner) == maxDepth || len(inner) == 1 && !isTop(key.Value)
		}
		first, twice := lines[key.Value]
		switch {
		case twice && m.anchored == 0 && !isMerge(key) && len(inner) > 0 && !isTop(inner[0]):
			m.changed = true
			m.node(value, inner, beyond) // an alias may still lead there
			continue
		case twice:
			m.report(key, inner, fmt.Sprintf("the key appears twice, first on line %d; keep one", first))
			continue
		case isMerge(key) && !mergeable(value):
			m.report(key, inner, "must be followed by a mapping, an alias of one, or a list of them")
			continue
		}
		lines[key.Value] = key.Line
		if isMerge(key) {
			inner, beyond = path, foreign
		}
		m.node(value, inner, beyond)
		kept = append(kept, key, value)
	}
	n.Content = kept
}

// key is a key as it is spelt: a name of ours that looks like a number is text.
func (m *yamlMend) key(key *yamltree.Node, foreign bool) *yamltree.Node {
	if key.Kind == yamltree.AliasNode && key.Alias.Kind == yamltree.ScalarNode {
		spelt := *key.Alias
		spelt.Anchor, spelt.Line, spelt.Column = "", key.Line, key.Column
		key, m.changed = &spelt, true
	}
	if key.Kind == yamltree.ScalarNode && !isMerge(key) && (!foreign && key.ShortTag() != "!!str" || badTag(key)) {
		key.Tag, m.changed = "!!str", true
	}
	return key
}

func (m *yamlMend) report(n *yamltree.Node, path []string, problem string) {
	m.changed = true
	m.found = append(m.found, &policies.FieldError{
		Line: n.Line, Column: n.Column, Path: policies.FieldPath(path...), Problem: problem,
	})
}

// badTag is true of "!!int x".
func badTag(n *yamltree.Node) bool {
	if n.Style&yamltree.TaggedStyle == 0 {
		return false
	}
	var value any
	return n.Decode(&value) != nil
}

// isMerge is true of the key "<<", unless it is in quotes.
func isMerge(key *yamltree.Node) bool {
	return key.Kind == yamltree.ScalarNode && key.ShortTag() == "!!merge"
}

// mergeable is true of what may follow "<<".
func mergeable(n *yamltree.Node) bool {
	if n.Kind != yamltree.SequenceNode {
		return resolved(n).Kind == yamltree.MappingNode
	}
	for _, inner := range n.Content {
		if resolved(inner).Kind != yamltree.MappingNode {
			return false
		}
	}
	return true
}

// resolved is what an alias stands for.
func resolved(n *yamltree.Node) *yamltree.Node {
	if n.Kind == yamltree.AliasNode {
		return n.Alias
	}
	return n
}
