package classify

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// If this fails, the documentation lists names that configuration refuses,
// leaves some out, or lists one twice.
func TestFamilies(t *testing.T) {
	var titles, all []string
	for _, f := range Families() {
		titles = append(titles, f.Title)
		assert.NotEmpty(t, f.Names, f.Title)
		assert.True(t, slices.IsSorted(f.Names), f.Title)
		for _, name := range f.Names {
			_, ok := Lookup(name)
			assert.True(t, ok, name)
		}
		all = append(all, f.Names...)
	}
	assert.Equal(t, list("Conditions", "HTTP", "gRPC", "SQL", "Go", "Python"), titles)
	for name := range meanings {
		matched := name != CallerCanceled && name != CallerDeadline
		assert.Equal(t, matched, slices.Contains(all, name), name)
	}
	for name := range pythonBuiltins {
		assert.Contains(t, all, name)
	}
	for name := range pythonNames {
		assert.Contains(t, all, name)
	}
	for _, name := range list("http.5xx", "http.503", HTTPQuota, "grpc.Canceled", "grpc.Unauthenticated", SQLBadConn, "url.Error", "net.OpError") {
		assert.Contains(t, all, name)
	}
	assert.NotContains(t, all, "net/url.Error", "the short one is there")
	slices.Sort(all)
	assert.Len(t, slices.Compact(slices.Clone(all)), len(all), "none is there twice")

	Families()[0].Names[0] = "changed"
	assert.NotEqual(t, "changed", Families()[0].Names[0], "what one caller gets is its own")
	assert.Subset(t, knownNames(), slices.Collect(maps.Keys(meanings)), "a misspelling is compared with all")
}
