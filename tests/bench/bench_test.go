// Package bench runs the paths as Go benchmarks; see README.md.
package bench

import (
	"flag"
	"strings"
	"testing"

	"github.com/holdfast-go/holdfast/tests/bench/paths"
)

var targets = flag.Int("targets", 1000, "how many targets the calls by name choose from")

func BenchmarkHot(b *testing.B) { runAll(b, paths.Hot()) }

func BenchmarkNames(b *testing.B) { runAll(b, paths.Names(*targets)) }

// BenchmarkScenario has b.N as the size: give it with -benchtime 100000x.
func BenchmarkScenario(b *testing.B) {
	for _, s := range paths.Scenarios() {
		b.Run(s.Name, s.Run)
	}
}

func runAll(b *testing.B, all []paths.Path) {
	for _, path := range all {
		b.Run(path.Name, path.Run)
	}
}

// TestNamesAreOnes fails when two paths have one name: one would take the other's
// place in the table of tests/bench/compare.
func TestNamesAreOnes(t *testing.T) {
	all := append(paths.Hot(), paths.Names(1)...)
	for _, s := range paths.Scenarios() {
		all = append(all, s.Path)
	}
	seen := map[string]bool{}
	for _, path := range all {
		if seen[path.Name] || strings.Count(path.Name, "/") != 1 {
			t.Errorf("%q", path.Name)
		}
		seen[path.Name] = true
	}
}
