package load

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// If this fails, an error shows what stands in a file, which may be a secret.
func TestWhatTheYAMLParserQuotesIsCutOff(t *testing.T) {
	for said, want := range map[string]string{
		"yaml: unmarshal errors:\n  line 3: cannot unmarshal !!str `s3cr3t` into int": "is not valid YAML: line 3",
		`yaml: invalid map key: map[string]interface {}{"s3cr3t":1}`:                  "is not valid YAML: invalid map key",
		"yaml: mapping key 's3cr3t' already defined":                                  "is not valid YAML: mapping key",
		`yaml: unknown anchor "s3cr3t"`:                                               "is not valid YAML: unknown anchor",
		"yaml: document contains excessive aliasing":                                  "is not valid YAML: document contains excessive aliasing",
	} {
		e := undecoded(errors.New(said))
		assert.Equal(t, want, e.Error())
		assert.NoError(t, e.Cause)
	}
}
