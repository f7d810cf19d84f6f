// Package clock_test holds that neither a jump of the wall clock nor a process that
// was stopped changes a decision.
package clock_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wallOnly are the methods and functions of package time whose result knows the
// wall clock alone: what is compared with it follows a clock that somebody may set.
var wallOnly = map[string]bool{
	"Unix": true, "UnixMilli": true, "UnixMicro": true, "UnixNano": true, "Round": true, "Truncate": true, "UTC": true, "Local": true,
	"In": true, "Parse": true, "ParseInLocation": true, "ParseTime": true, "Date": true, "AddDate": true, "Clock": true, "YearDay": true, "MarshalBinary": true,
	"MarshalText": true, "MarshalJSON": true,
}

// allowed are the places that may use one, by file and name, and why.
var allowed = map[string]string{
	"policies/classify/delay.go ParseTime": "a server's Retry-After may be a date: a time of the wall clock, taken off the answer's own Date if it has one",
	"policies/classify/delay.go Round":     "math.Round",
	"actors/view.go Round":                 "text",
	"actors/event_attempt.go Round":        "text",
	"actors/event_breaker.go Round":        "text",
	"actors/event_recovery.go Round":       "text",
	"actors/event_retry.go Round":          "text",
	"actors/event_target.go Round":         "text",
	"supervisor/abandon.go Round":          "a duration, in an event",
	"supervisor/errors.go Round":           "text",
}

// Broken: something that decides reads the wall clock, or drops the monotonic
// reading of a time that is compared later.
func TestNothingThatDecidesUsesTheWallClockAlone(t *testing.T) {
	used := map[string]bool{}
	for _, root := range []string{"policies", "actors", "supervisor"} {
		err := filepath.WalkDir("../../"+root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
			if strings.HasPrefix(name, "policies/load/") {
				return nil // the times of files are the wall clock's by nature, and decide on nothing but a look at them
			}
			for _, call := range wallCalls(t, path) {
				place := name + " " + call
				used[place] = true
				_, ok := allowed[place]
				require.True(t, ok, "%s: the result follows the wall clock; keep the time with its monotonic reading, or say in allowed why not", place)
			}
			return nil
		})
		require.NoError(t, err)
	}
	for place := range allowed {
		require.True(t, used[place], "%s: allowed, and not there any more", place)
	}
}

// wallCalls names the calls of a file that wallOnly lists.
func wallCalls(t *testing.T, path string) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	imports := false
	for _, spec := range file.Imports {
		imports = imports || spec.Path.Value == `"time"` || spec.Path.Value == `"net/http"`
	}
	if !imports {
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !wallOnly[selector.Sel.Name] {
			return true
		}
		names = append(names, selector.Sel.Name)
		return true
	})
	return names
}
