package load

import (
	"fmt"

	yamltree "go.yaml.in/yaml/v3"

	"github.com/holdfast-go/holdfast/policies"
)

// The parser compares every two keys of a mapping, and again for each alias of
// it, so that a file of 1 MiB could keep it busy for minutes.
const (
	// maxYAMLKeys bounds the keys of one mapping.
	maxYAMLKeys = 5_000
	// maxYAMLPairs bounds the pairs of keys in all of them.
	maxYAMLPairs = 4 * maxYAMLKeys * maxYAMLKeys
)

// tooMuchYAML reports a tree that the parser would be busy with for long, or
// that never ends.
func tooMuchYAML(top *yamltree.Node) error {
	b := yamlBounds{aliased: map[*yamltree.Node]float64{}}
	pairs := b.pairs(top)
	switch {
	case b.wide != nil:
		return &policies.FieldError{
			Line: b.wide.Line, Column: b.wide.Column,
			Problem: fmt.Sprintf("a YAML mapping has more than %d keys; divide it, or use JSON", maxYAMLKeys),
		}
	case b.endless != nil:
		return &policies.FieldError{
			Line: b.endless.Line, Column: b.endless.Column,
			Problem: "is not valid YAML: the alias is part of what it stands for",
		}
	case pairs > maxYAMLPairs:
		return fault("has too many large mappings, or aliases of them, for YAML; divide them, or use JSON", nil)
	}
	return nil
}

type yamlBounds struct {
	// aliased holds the pairs of what aliases stand for; -1 while it is being
	// counted.
	aliased       map[*yamltree.Node]float64
	wide, endless *yamltree.Node
}

// pairs counts what the parser compares. It visits what an alias stands for
// only once more, so it takes no longer than the text is long.
func (b *yamlBounds) pairs(n *yamltree.Node) float64 {
	if n.Kind == yamltree.AliasNode {
		pairs, known := b.aliased[n.Alias]
		switch {
		case !known:
			b.aliased[n.Alias] = -1
			pairs = b.pairs(n.Alias)
			b.aliased[n.Alias] = pairs
		case pairs < 0:
			b.endless = n
		}
		return max(0, pairs)
	}
	pairs := 0.0
	if n.Kind == yamltree.MappingNode {
		keys := float64(len(n.Content)) / 2
		pairs = keys * keys
		if keys > maxYAMLKeys && b.wide == nil {
			b.wide = n
		}
	}
	for _, inner := range n.Content {
		pairs += b.pairs(inner)
	}
	return pairs
}
