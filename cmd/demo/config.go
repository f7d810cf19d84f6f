package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// modelAPI is the target that the demo calls.
const modelAPI = "model_api"

// builtInName is what errors and headings call the built-in configuration.
const builtInName = "demo_config.json"

// variablePrefix is that of the environment variables that the demo reads.
const variablePrefix = "HOLDFAST_"

//go:embed demo_config.json
var builtIn []byte

// sources are where the policies come from, the later over the earlier: the
// files, or the built-in configuration where there are none, and the
// environment. There is always the target model_api; where a file doesn't name
// it, it gets what is said for all targets.
func sources(files []string) []load.Source {
	var all []load.Source
	for _, file := range files {
		all = append(all, load.File(file))
	}
	if len(files) == 0 {
		all = append(all, load.Bytes(builtInName, load.JSON, builtIn))
	}
	return append(all, load.BinduEnv(), load.Env(variablePrefix), load.Target(modelAPI, policies.API))
}

// loadSet resolves the policies of configuration files, or of the built-in one
// when there are none.
func loadSet(files []string) (*policies.Set, error) { return load.Load(sources(files)...) }

// variablesOf returns the variables of the environment that model_api has
// values of its policy from, each with its "$".
func variablesOf(set *policies.Set) ([]string, error) {
	fields, err := set.Explain(modelAPI)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range fields {
		if name := f.Origin.Source; strings.HasPrefix(name, "$") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// configName says what a policy comes from: which files, and how many
// variables beside them.
func configName(files, variables []string) string {
	name := "the built-in " + builtInName
	if len(files) > 0 {
		short, all := shortNames(files), make([]string, len(files))
		for i, file := range files {
			all[i] = short[file]
		}
		name = strings.Join(all, ", ")
	}
	switch len(variables) {
	case 0:
		return name
	case 1:
		return name + " and " + variables[0]
	}
	return fmt.Sprintf("%s and %d variables", name, len(variables))
}
