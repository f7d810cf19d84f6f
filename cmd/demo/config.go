package main

import (
	_ "embed"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// modelAPI is the target that the demo calls.
const modelAPI = "model_api"

// builtInName is what errors and headings call the built-in configuration.
const builtInName = "demo_config.json"

//go:embed demo_config.json
var builtIn []byte

// loadSet resolves the policies of a configuration file, or of the built-in
// one when there is none. The set always has the target model_api; a file
// that doesn't name it gives it what it says for all targets.
func loadSet(path string) (*policies.Set, error) {
	source := load.Bytes(builtInName, load.JSON, builtIn)
	if path != "" {
		source = load.File(path)
	}
	return load.Load(source, load.Target(modelAPI, policies.API))
}

// configName is the name of the configuration that loadSet reads.
func configName(path string) string {
	if path == "" {
		return "the built-in " + builtInName
	}
	return path
}
