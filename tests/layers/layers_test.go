// Package layers holds the line on who may import whom.
package layers

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	slash "path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/holdfast-go/holdfast"
	engine = "github.com/asynkron/protoactor-go"
	config = "github.com/knadh/koanf"
)

// floors orders the packages: each may import only those below it.
var floors = []string{"policies", "actors", "supervisor"}

// TestImportsGoOneWay fails when a package reaches up: then what decides would
// depend on what acts, and could no longer be read or tested by itself.
func TestImportsGoOneWay(t *testing.T) {
	for _, i := range imports(t) {
		from, to := floor(i.from), floor(i.path)
		if from < 0 || !strings.HasPrefix(i.path, module+"/") {
			continue
		}
		require.GreaterOrEqualf(t, to, 0, "%s imports %s, which lies above it", i.file, i.path)
		require.LessOrEqualf(t, to, from, "%s imports %s, which lies above it", i.file, i.path)
	}
}

// TestOnlyTheActorsKnowTheEngine keeps protoactor-go replaceable.
func TestOnlyTheActorsKnowTheEngine(t *testing.T) {
	for _, i := range imports(t) {
		if strings.HasPrefix(i.path, engine) {
			require.Containsf(t, []string{"actors", "supervisor", "tests", "cmd"}, room(i.from),
				"%s imports %s", i.file, i.path)
		}
	}
}

// TestOnlyLoadKnowsKoanf keeps configuration files out of the decisions.
func TestOnlyLoadKnowsKoanf(t *testing.T) {
	for _, i := range imports(t) {
		if strings.HasPrefix(i.path, config) {
			require.Equalf(t, "policies/load", i.from, "%s imports %s", i.file, i.path)
		}
	}
}

// TestNobodyWatchesWithKoanf keeps out koanf's file provider: its Watch hangs
// after a failure, and misses what replaces a file.
func TestNobodyWatchesWithKoanf(t *testing.T) {
	for _, i := range imports(t) {
		require.NotEqualf(t, config+"/providers/file", i.path, "%s imports %s", i.file, i.path)
	}
}

// TestTheDecisionsArePure fails when a package that decides takes a clock, a
// random number, a lock or a logger for itself, instead of as an argument.
func TestTheDecisionsArePure(t *testing.T) {
	banned := []string{"sync", "sync/atomic", "math/rand", "math/rand/v2", "log", "log/slog", "runtime"}
	for _, i := range imports(t) {
		switch i.from {
		case "policies/breaker", "policies/retry", "policies/budget", "policies/classify", "policies/latency", "policies/worth", "policies/concurrency", "policies/chaos":
			require.NotContainsf(t, banned, i.path, "%s imports %s", i.file, i.path)
			for _, call := range []string{"time.Now(", "time.Since(", "time.Until(", "time.After", "time.NewTimer("} {
				require.NotContainsf(t, i.source, call, "%s reads a clock", i.file)
			}
		}
	}
}

// imported is one import of a file that is not a test.
type imported struct {
	file, from, path, source string
}

func imports(t *testing.T) []imported {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	var all []imported
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		fileSet := token.NewFileSet()
		file, err := parser.ParseFile(fileSet, path, nil, 0)
		if err != nil {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		for _, spec := range file.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all = append(all, imported{file: name, from: slash.Dir(name), path: target, source: string(source)})
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// room is the top folder a package lies in.
func room(from string) string {
	top, _, _ := strings.Cut(strings.TrimPrefix(from, module+"/"), "/")
	return top
}

// floor is the height of a package, -1 for one that is above all.
func floor(from string) int {
	for i, name := range floors {
		if room(from) == name {
			return i
		}
	}
	return -1
}
