package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
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
	// The tree is read first: it knows the places, and whether a second
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
		return document{}, notMapping(top.Line, top.Column)
	}
	var second yamltree.Node
	switch err := tree.Decode(&second); {
	case err == nil:
		return document{}, &policies.FieldError{
			Line: second.Line, Column: second.Column,
			Problem: "a second YAML document begins; keep one document in a file",
		}
	case !errors.Is(err, io.EOF):
		return document{}, notYAML(err)
	}
	if n := tooWide(top); n != nil {
		return document{}, &policies.FieldError{
			Line: n.Line, Column: n.Column,
			Problem: fmt.Sprintf("a YAML mapping has more than %d keys; divide it, or use JSON", maxYAMLKeys),
		}
	}
	values, err := yaml.Parser().Unmarshal(data)
	if err != nil {
		return document{}, notYAML(err)
	}
	w := yamlWalk{places: &places{}}
	doc := document{values: values, places: w.places}
	w.keys(0, nil, top)
	if len(w.found) > 0 {
		return doc, w.found
	}
	return doc, nil
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

// atLine is where the parser says what it doesn't like.
var atLine = regexp.MustCompile(`\bline (\d+): `)

func notYAML(err error) error {
	problem := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n  ")
	e := &policies.FieldError{Cause: err}
	if at := atLine.FindStringSubmatchIndex(problem); at != nil {
		e.Line, _ = strconv.Atoi(problem[at[2]:at[3]])
		problem = problem[:at[0]] + problem[at[1]:]
	}
	e.Problem = "is not valid YAML: " + problem
	return e
}

// yamlWalk goes over the tree for what the values don't tell.
type yamlWalk struct {
	places *places
	found  policies.Errors
}

// octal is a number that YAML 1.1 reads in base 8, and that people mean in base
// 10.
var octal = regexp.MustCompile(`^[-+]?0[0-9_]+$`)

// keys notes the places of our keys. It doesn't follow aliases, so it ends, and
// takes no longer than the text is long.
func (w *yamlWalk) keys(h pathHash, path []string, n *yamltree.Node) {
	if n.Kind != yamltree.MappingNode || len(path) == maxDepth {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		inner := h.under(key.Value)
		w.places.note(inner, key.Line, key.Column)
		if len(path) == 0 && !isTop(key.Value) {
			continue
		}
		under := append(path[:len(path):len(path)], key.Value)
		if value.Kind == yamltree.ScalarNode && value.ShortTag() == "!!int" && octal.MatchString(value.Value) {
			w.found = append(w.found, &policies.FieldError{
				Line: value.Line, Column: value.Column, Path: policies.FieldPath(under...), Value: value.Value,
				Problem: "a number must not begin with 0, which YAML reads as octal",
			})
		}
		w.keys(inner, under, value)
	}
}
