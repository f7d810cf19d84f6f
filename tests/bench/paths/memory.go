package paths

import (
	"runtime"
	"testing"
)

// inUse is how much memory there is in heap and stacks after a collection.
func inUse() uint64 {
	runtime.GC()
	runtime.GC() // the first may only have moved what sync.Pools hold
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// reportEach reports how much more memory is in use than before, for each of b.N.
func reportEach(b *testing.B, before uint64, unit string) {
	b.ReportMetric(float64(int64(inUse())-int64(before))/float64(b.N), unit)
}
