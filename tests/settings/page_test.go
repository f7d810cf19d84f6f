package settings_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// shown is what the page shows of one setting.
type shown struct {
	holds, fallback, allowed, since, example string
}

var (
	heading = regexp.MustCompile(`^## (\S+)$`)
	entry   = regexp.MustCompile("^- \\*\\*`(\\w+)`\\*\\*")
)

// page reads the tables of the page, by the path of the setting, and counts
// the descriptions.
func page(t *testing.T) (rows map[string]shown, described map[string]int) {
	t.Helper()
	rows, described = map[string]shown{}, map[string]int{}
	block := ""
	for _, line := range strings.Split(string(read(t, "docs/settings.md")), "\n") {
		if found := heading.FindStringSubmatch(line); found != nil {
			block = found[1] + "."
			if block == "targets.NAME." {
				block = ""
			}
		}
		if found := entry.FindStringSubmatch(line); found != nil {
			described[block+found[1]]++
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 6 || !strings.HasPrefix(cells[0], "`") {
			continue
		}
		path := block + strings.Trim(cells[0], "`")
		require.NotContains(t, rows, path, "the page shows the setting twice")
		rows[path] = shown{holds: cells[1], fallback: cells[2], allowed: cells[3], since: cells[4], example: strings.Trim(cells[5], "`")}
	}
	return rows, described
}

// inTarget is a JSON file in which the target x has one setting.
func inTarget(path, setting string) []byte {
	if block, _, ok := strings.Cut(path, "."); ok {
		setting = fmt.Sprintf(`%q: {%s}`, block, setting)
	}
	return fmt.Appendf(nil, `{"targets": {"x": {%s}}}`, setting)
}

// If this fails, a user looks for a setting on the page in vain, or finds two.
func TestPageHasEverySettingOnce(t *testing.T) {
	rows, described := page(t)
	for _, s := range policies.Settings() {
		assert.Contains(t, rows, s.Path)
		assert.Equal(t, 1, described[s.Path], "descriptions of %s", s.Path)
		assert.Equal(t, s.Since, rows[s.Path].since, s.Path)
		for _, word := range s.Words {
			assert.Contains(t, rows[s.Path].allowed, fmt.Sprintf("`%q`", word), s.Path)
		}
	}
	assert.Len(t, rows, len(policies.Settings()), "and nothing else")
}

// If this fails, a user who copies an example from the page gets an error.
func TestExamplesLoad(t *testing.T) {
	schema := compiled(t)
	rows, _ := page(t)
	for path, row := range rows {
		data := inTarget(path, row.example)
		if path == "fallback.target" { // which there must be
			data = bytes.Replace(data, []byte(`{"targets": {`), []byte(`{"targets": {"model_b": {}, `), 1)
		}
		_, err := loadJSON(data)
		assert.NoError(t, err, "%s", data)
		assert.NoError(t, check(schema, data), "%s", data)
	}
	text := string(read(t, "docs/settings.md"))
	for language, format := range map[string]load.Format{"json": load.JSON, "yaml": load.YAML, "toml": load.TOML} {
		examples := fenced(language, text)
		assert.NotEmpty(t, examples, language)
		for _, example := range examples {
			_, err := load.Load(load.Bytes("the page", format, []byte(example)))
			assert.NoError(t, err, example)
			if format == load.JSON {
				assert.NoError(t, check(schema, []byte(example)), example)
			}
		}
	}
}

// If this fails, the page or the schema shows a default that isn't one. Given
// in a file, a default changes nothing.
func TestDefaultsAreThoseBuiltIn(t *testing.T) {
	rows, _ := page(t)
	inSchema := schemaDefaults(t)
	each := regexp.MustCompile("(?:(\\w+)&nbsp;)?`([^`]*)`")
	for _, s := range policies.Settings() {
		found := each.FindAllStringSubmatch(rows[s.Path].fallback, -1)
		byType := map[string]string{}
		for _, f := range found {
			byType[f[1]] = f[2]
		}
		if common, ok := byType[""]; ok {
			assert.Len(t, byType, 1, s.Path)
			assert.JSONEq(t, common, string(inSchema[s.Path]), s.Path)
		} else {
			assert.Len(t, byType, len(policies.OperationTypes()), s.Path)
			assert.NotContains(t, inSchema, s.Path)
		}
		if s.Path == "type" {
			set, err := loadJSON([]byte(`{"targets": {"x": {}}}`))
			require.NoError(t, err)
			p, err := set.Target("x")
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprintf("%q", p.Type), byType[""])
			continue
		}
		block, key, _ := strings.Cut(s.Path, ".")
		for _, of := range policies.OperationTypes() {
			value, ok := byType[string(of)]
			if !ok {
				value = byType[""]
			}
			data := fmt.Sprintf(`{"operation_types": {%q: {%q: {%q: %s}}}}`, of, block, key, value)
			set, err := loadJSON([]byte(data))
			if assert.NoError(t, err, data) {
				assert.True(t, policies.Equal(policies.Default(of), set.Defaults(of)), data)
			}
		}
	}
}

// schemaDefaults returns the defaults in the schema, by the setting's path.
func schemaDefaults(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	var schema struct {
		Defs map[string]struct {
			Properties map[string]struct{ Default json.RawMessage }
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(read(t, "docs/holdfast.schema.json"), &schema))
	all := map[string]json.RawMessage{}
	for block, b := range schema.Defs {
		for key, s := range b.Properties {
			path := strings.TrimPrefix(block+"."+key, "target.")
			if s.Default != nil {
				all[path] = s.Default
			}
		}
	}
	return all
}

// If this fails, the page shows a way to write a setting that doesn't work.
func TestOneSettingManyWays(t *testing.T) {
	text := string(read(t, "docs/settings.md"))
	_, text, _ = strings.Cut(text, "## One setting, many ways to write it")
	text, _, _ = strings.Cut(text, "\n## ")
	written := map[string]load.Source{}
	for language, format := range map[string]load.Format{"json": load.JSON, "yaml": load.YAML, "toml": load.TOML} {
		examples := fenced(language, text)
		require.Len(t, examples, 1, language)
		written[language] = load.Bytes(language, format, []byte(examples[0]))
	}
	variables := regexp.MustCompile("`(HOLDFAST_\\w+)=(\\w+)`").FindAllStringSubmatch(text, -1)
	flags := regexp.MustCompile("`-([\\w.]+)=(\\w+)`").FindAllStringSubmatch(text, -1)
	require.Len(t, variables, 3)
	require.Len(t, flags, 3)
	for i := range variables {
		t.Setenv(fmt.Sprintf("WAY%d_%s", i, variables[i][1]), variables[i][2])
		written["variable "+variables[i][1]] = load.Env(fmt.Sprintf("WAY%d_HOLDFAST_", i))
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		fs.String(flags[i][1], "", "")
		require.NoError(t, fs.Parse([]string{"-" + flags[i][1] + "=" + flags[i][2]}))
		written["flag "+flags[i][1]] = load.Flags(fs)
	}
	for way, source := range written {
		set, err := load.Load(source, load.Target("payment_gateway", policies.API))
		if !assert.NoError(t, err, way) {
			continue
		}
		p, err := set.Target("payment_gateway")
		require.NoError(t, err)
		assert.Equal(t, 3, p.Retry.MaxAttempts, way)
	}
}
