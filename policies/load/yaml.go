package load

import (
	"bytes"
	"errors"
	"io"

	"github.com/knadh/koanf/parsers/yaml"
	yamltree "go.yaml.in/yaml/v3"

	"github.com/holdfast-go/holdfast/policies"
)

// parseYAML relies on the parser's own guards against aliases that multiply
// ("document contains excessive aliasing") and nesting deeper than 10,000.
func parseYAML(data []byte) (document, error) {
	// The tree is read first: it knows the places, and whether a second
	// document follows, which the koanf parser would leave out in silence.
	tree := yamltree.NewDecoder(bytes.NewReader(data))
	var root yamltree.Node
	switch err := tree.Decode(&root); {
	case errors.Is(err, io.EOF): // comments only
		return document{}, nil
	case err != nil:
		return document{}, notYAML(data, err)
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
		return document{}, notYAML(data, err)
	}
	if err := tooMuchYAML(top); err != nil {
		return document{}, err
	}
	return yamlValues(data, top)
}

// yamlValues makes values of the tree. What is wrong with it doesn't keep the
// rest from being checked.
func yamlValues(data []byte, top *yamltree.Node) (document, error) {
	mend := yamlMend{}
	mend.node(top, nil, false)
	var values map[string]any
	var err error
	if mend.changed {
		err = top.Decode(&values)
	} else {
		values, err = yaml.Parser().Unmarshal(data)
	}
	if err != nil {
		return document{}, append(mend.found, undecoded(err))
	}
	w := yamlWalk{places: &places{}, found: mend.found}
	w.keys(0, nil, top, nil)
	doc := document{values: values, places: w.places, entries: func() *places { return yamlEntries(top) }}
	if len(w.found) > 0 {
		return doc, w.found
	}
	return doc, nil
}
