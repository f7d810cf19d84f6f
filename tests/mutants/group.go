package main

import (
	"path/filepath"
	"strings"
)

// group is files that are mutated together, and the packages whose tests should
// notice, the narrowest first.
type group struct {
	name  string
	files []string // globs, relative to the module; tests are left out
	tests []testPackage
}

type testPackage struct {
	path string
	// args are those of the test binary besides the usual ones.
	args []string
}

// seeded are tests with rapid whose outcome is the same in each run. A failure is
// neither written down nor made small.
var seeded = []string{"-rapid.seed=1", "-rapid.nofailfile", "-rapid.shrinktime=1ns"}

var groups = []group{
	{
		name:  "machine",
		files: []string{"policies/breaker/*.go"},
		tests: []testPackage{
			{"./policies/breaker", seeded},
			{"./tests/model", append([]string{"-rapid.checks=1000"}, seeded...)},
		},
	},
	{
		name:  "strategy",
		files: []string{"supervisor/strategy.go"},
		tests: []testPackage{{"./supervisor", nil}, {"./tests/invariants", nil}, {"./tests/pairs", nil}},
	},
	{
		name:  "worker",
		files: []string{"actors/worker.go", "supervisor/operation.go", "supervisor/watched.go"},
		tests: []testPackage{{"./actors", nil}, {"./supervisor", nil}, {"./tests/invariants", nil}, {"./tests/pairs", nil}},
	},
}

// sources lists the group's files.
func (g *group) sources(root string) (files []string, err error) {
	for _, glob := range g.files {
		found, err := filepath.Glob(filepath.Join(root, glob))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if strings.HasSuffix(f, "_test.go") || strings.HasSuffix(f, "doc.go") {
				continue
			}
			relative, err := filepath.Rel(root, f)
			if err != nil {
				return nil, err
			}
			files = append(files, filepath.ToSlash(relative))
		}
	}
	return files, nil
}
