package load

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/knadh/koanf/parsers/json"
	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/v2"
)

// Provider is a source for anything koanf has a provider for, such as Consul,
// Vault or pflag. With a parser the provider is asked for bytes, with nil for
// values, which may have Go's own types. Errors call it name. It is asked by
// each [Load]; a [Watcher] asks it again every 10 seconds, and when a file has
// changed.
//
// koanf's parsers for JSON, YAML and TOML stand for the formats: what the
// provider gives is read with the same care as a file, and errors have its
// lines. Of another parser's error nothing is told but that there is one,
// because it may quote the text. Why a provider fails is told as its own error
// has it, but without the user and the password of a URL; any other secret in it
// would be shown. A provider that panics is an error as well.
func Provider(name string, p koanf.Provider, parser koanf.Parser) Source {
	return Source{name: name, fetch: func() content { return fetched(p, parser) }, read: func(c content) (document, error) {
		if parser == nil {
			return document{values: c.values}, nil
		}
		if format, ok := formatOfParser(parser); ok {
			return parse(format, c.data)
		}
		if len(bytes.TrimSpace(c.data)) == 0 {
			return document{}, fault("is empty", nil)
		}
		values, err := parser.Unmarshal(c.data)
		if err != nil {
			return document{}, fault(fmt.Sprintf("the parser %T refuses it; what it says is not shown, for it may quote the text", parser), nil)
		}
		return document{values: values}, nil
	}}
}

// userInfo is what may stand in a URL before the host. It goes up to the last @,
// because passwords are not always escaped.
var userInfo = regexp.MustCompile(`://[^\s"'<>]*@`)

// fetched asks a provider.
func fetched(p koanf.Provider, parser koanf.Parser) content {
	c := content{provided: true}
	if p == nil {
		c.err = fault("the koanf.Provider is nil", nil)
		return c
	}
	c.err = guarded("the koanf.Provider", func() (err error) {
		if parser == nil {
			c.values, err = p.Read()
		} else {
			c.data, err = p.ReadBytes()
		}
		switch {
		case err != nil:
			return fault("can't be read: "+userInfo.ReplaceAllString(err.Error(), "://***@"), err)
		case len(c.data) > maxFileSize:
			return tooLarge()
		}
		return nil
	})
	return c
}

// formatOfParser is the format that one of koanf's own parsers reads.
func formatOfParser(parser koanf.Parser) (Format, bool) {
	switch parser.(type) {
	case *json.JSON:
		return JSON, true
	case *yaml.YAML:
		return YAML, true
	case *toml.TOML:
		return TOML, true
	}
	return 0, false
}
