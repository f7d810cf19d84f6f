package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	yamltree "go.yaml.in/yaml/v3"

	"github.com/holdfast-go/holdfast/policies"
)

// maxYAMLKeys bounds the keys of one mapping. The parser compares every two of
// them, so that a file of 1 MiB could keep it busy for most of a minute.
const maxYAMLKeys = 5_000

// parseYAML relies on the parser's own guards against aliases that multiply
// ("document contains excessive aliasing"), aliases that contain themselves,
// and nesting deeper than 10,000.
func parseYAML(data []byte) (document, error) {
	// The tree is read first: it knows the lines, and whether a second
	// document follows, which the koanf parser would leave out in silence.
	tree := yamltree.NewDecoder(bytes.NewReader(data))
	var root yamltree.Node
	switch err := tree.Decode(&root); {
	case errors.Is(err, io.EOF): // comments only
		return document{}, nil
	case err != nil:
		return document{}, notYAML(err)
	}
	top := root.Content[0]
	switch {
	case top.ShortTag() == "!!null":
	case top.Kind != yamltree.MappingNode:
		return document{}, notMapping(top.Line)
	}
	var second yamltree.Node
	switch err := tree.Decode(&second); {
	case err == nil:
		return document{}, &policies.FieldError{
			Line:    second.Line,
			Problem: "a second YAML document begins; keep one document in a file",
		}
	case !errors.Is(err, io.EOF):
		return document{}, notYAML(err)
	}
	if n := tooWide(top); n != nil {
		return document{}, &policies.FieldError{
			Line:    n.Line,
			Problem: fmt.Sprintf("a YAML mapping has more than %d keys; divide it, or use JSON", maxYAMLKeys),
		}
	}
	values, err := yaml.Parser().Unmarshal(data)
	if err != nil {
		return document{}, notYAML(err)
	}
	found := lines{}
	addLines(found, nil, top)
	return document{values: values, lines: found}, nil
}

// tooWide returns a mapping with too many keys, or nil.
func tooWide(n *yamltree.Node) *yamltree.Node {
	if n.Kind == yamltree.MappingNode && len(n.Content) > 2*maxYAMLKeys {
		return n
	}
	for _, inner := range n.Content {
		if wide := tooWide(inner); wide != nil {
			return wide
		}
	}
	return nil
}

func notYAML(err error) error {
	problem := strings.TrimPrefix(err.Error(), "yaml: ")
	return &policies.FieldError{Problem: "is not valid YAML: " + problem, Cause: err}
}

// addLines doesn't follow aliases, so it ends, and takes no longer than the
// text is long.
func addLines(found lines, path []string, n *yamltree.Node) {
	if n.Kind != yamltree.MappingNode || len(path) == maxDepth {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at := append(path[:len(path):len(path)], key.Value)
		found[join(at)] = key.Line
		addLines(found, at, n.Content[i+1])
	}
}
