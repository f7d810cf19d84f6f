package explorer

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// spread plays the schedules in several processes of the test's own program, with
// different numbers of threads. A process that dies, as by a panic on a goroutine
// of the library's own, is reported with the programs that it was playing.
func spread(t *testing.T, processes, schedules int, first uint64, limit time.Duration, stats *Stats) {
	var all sync.WaitGroup
	for n := range processes {
		share := schedules / processes
		if n < schedules%processes {
			share++
		}
		from := first + uint64(n)*1_000_000_000
		all.Go(func() { child(t, n, share, from, limit, stats) })
	}
	all.Wait()
}

func child(t *testing.T, n, schedules int, first uint64, limit time.Duration, stats *Stats) {
	threads := 1 + n%4
	report := filepath.Join(t.TempDir(), fmt.Sprint("report-", n))
	c := exec.Command(os.Args[0], "-test.run=^TestExplore$", "-test.timeout=0", "-explorer.report="+report,
		"-explorer.schedules="+strconv.Itoa(schedules), "-explorer.seed="+strconv.FormatUint(first, 10), "-explorer.time="+limit.String())
	c.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(threads))
	out, err := c.CombinedOutput()
	text, readErr := os.ReadFile(report)
	var its Stats
	if readErr == nil && json.Unmarshal(text, &its) == nil {
		stats.Join(&its)
	}
	if err == nil {
		return
	}
	t.Errorf("process %d: %v\n%s", n, err, out)
	if readErr != nil { // it never came to its end
		marks, _ := os.ReadFile(report + ".at")
		for ; len(marks) >= 8; marks = marks[8:] {
			seed := binary.LittleEndian.Uint64(marks)
			t.Errorf("process %d was playing seed %d:\n%s", n, seed, Draw(seed))
		}
	}
}

// deliver writes what a child has reached where its parent looks for it.
func deliver(t *testing.T, report string, stats *Stats) {
	text, err := json.Marshal(stats)
	if err == nil {
		err = os.WriteFile(report, text, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}
