package settings_test

import (
	"bytes"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// compiled is the committed schema.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, "docs/holdfast.schema.json")))
	require.NoError(t, err)
	require.NoError(t, c.AddResource("holdfast.schema.json", doc))
	schema, err := c.Compile("holdfast.schema.json")
	require.NoError(t, err)
	return schema
}

// check returns what the schema says of a JSON text.
func check(schema *jsonschema.Schema, data []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

// fenced returns the code blocks of a Markdown text in one language.
func fenced(language, text string) []string {
	var blocks []string
	for _, found := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, found[1])
	}
	return blocks
}

// If this fails, an editor marks mistakes in a file that is right.
func TestSchemaAcceptsTheRealFiles(t *testing.T) {
	schema := compiled(t)
	samples := map[string][]byte{"cmd/demo/demo_config.json": read(t, "cmd/demo/demo_config.json")}
	for _, pattern := range []string{"policies/load/testdata/*.json", "supervisor/testdata/*.json"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, paths, pattern)
		for _, path := range paths {
			samples[path] = read(t, path[len(root):])
		}
	}
	for _, example := range fenced("json", string(read(t, "README.md"))) {
		samples["README.md: "+example] = []byte(example)
	}
	require.GreaterOrEqual(t, len(samples), 5)
	for name, data := range samples {
		if _, err := loadJSON(data); err != nil {
			t.Logf("%s is there to be refused", name)
			continue
		}
		assert.NoError(t, check(schema, data), name)
	}
}

// If this fails, an editor marks mistakes in a YAML file that is right.
func TestSchemaAcceptsYAML(t *testing.T) {
	var doc any
	require.NoError(t, yaml.Unmarshal(read(t, "policies/load/testdata/agent_config.yaml"), &doc))
	assert.NoError(t, compiled(t).Validate(doc))
}

// If this fails, a file that names its schema for an editor can't be loaded.
func TestAFileMayNameItsSchema(t *testing.T) {
	data := []byte(`{"$schema": "./holdfast.schema.json", "retry_policy": {"max_attempts": 9}}`)
	assert.NoError(t, check(compiled(t), data))
	set, err := loadJSON(data)
	require.NoError(t, err)
	assert.Equal(t, 9, set.Defaults("api").Retry.MaxAttempts)
}

// If this fails, the list on the page of what only loading finds is wrong:
// either an editor marks it, or nobody does.
func TestWhatOnlyLoadingFinds(t *testing.T) {
	schema := compiled(t)
	long := bytes.Repeat([]byte("é"), 128)
	for what, data := range map[string]string{
		"contradiction":      `{"retry_policy": {"min_wait": 5, "max_wait": 4}}`,
		"lists that clash":   `{"circuit_breaker": {"ignore": ["http.404"], "trip_on": ["http.404"]}}`,
		"budgets that clash": `{"targets": {"a": {"retry_budget": {"enabled": true, "shared": "x", "ratio": 1}}, "b": {"retry_budget": {"enabled": true, "shared": "x", "ratio": 2}}}}`,
		"fallback to none":   `{"targets": {"a": {"fallback": {"target": "nobody"}}}}`,
		"fallback round":     `{"targets": {"a": {"fallback": {"target": "b"}}, "b": {"fallback": {"target": "a"}}}}`,
		"long shared name":   `{"retry_budget": {"shared": "` + string(long) + `"}}`,
		"unknown condition":  `{"retry_policy": {"retry_on": ["http.no"]}}`,
		"long text":          `{"retry_policy": {"max_wait": "25h"}}`,
		"tiny text":          `{"restart": {"within": "0.1ns"}}`,
		"tiny number":        `{"retry_policy": {"min_wait": 1e-12}}`,
		"long name":          `{"targets": {"` + string(long) + `": {}}}`,
		"unseen in a name":   "{\"targets\": {\"a\U000e0041\": {}}}",
		"names alike":        `{"targets": {"a-b": {}, "a.b": {}}}`,
		"near key":           `{"retry_polcy": {}}`,
		"key twice":          `{"pool": {"workers": 1, "workers": 2}}`,
	} {
		assert.NoError(t, check(schema, []byte(data)), what)
		_, err := loadJSON([]byte(data))
		assert.Error(t, err, what)
	}
}
