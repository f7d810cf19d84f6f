package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/tests/bench/paths"
)

// The program starts itself for what needs a process of its own, and in a test
// that is the test's binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-child" {
		main()
	}
	os.Exit(m.Run())
}

// Broken, a row would divide what nobody measures, and the program would end
// without a table.
func TestRowsAreOfPathsThatThereAre(t *testing.T) {
	there := map[string]bool{"": true}
	for _, path := range append(paths.Hot(), paths.Names(1)...) {
		there[path.Name] = true
	}
	for _, s := range paths.Scenarios() {
		there[s.Name] = true
	}
	used, ended, last := map[string]bool{}, map[string]bool{}, ""
	for _, r := range rows() {
		require.Truef(t, there[r.Of] && r.Of != "", "%s is not a path", r.Of)
		require.Truef(t, there[r.Beside], "%s is not a path", r.Beside)
		require.Equalf(t, r.Beside == "", r.Peer == "", "%s has no name for what is beside it", r.Path)
		used[r.Of], used[r.Beside] = true, true
		if r.Path != last {
			require.Falsef(t, ended[r.Path], "two places of the table have the name %s", r.Path)
			ended[r.Path], last = true, r.Path
		}
	}
	for name := range there {
		require.Truef(t, used[name] || name == "", "%s is measured for no row", name)
	}
}

func TestALineIsNeverTooWide(t *testing.T) {
	for _, x := range []float64{0, 0.0042, 1, 99.96, 999.6, 123456, 98765432, -1} {
		var lines []line
		for _, r := range rows() {
			s, x := samples{}, x
			if r.Unit == allocs {
				x = min(x, 999)
			}
			s.add(r.Of, figures{r.Unit: x})
			s.add(r.Beside, figures{r.Unit: max(x/123, 1)})
			l, err := s.fill(r)
			require.NoError(t, err)
			lines = append(lines, l)
		}
		var out bytes.Buffer
		table(&out, lines)
		for text := range strings.Lines(out.String()) {
			require.LessOrEqual(t, len(strings.TrimSuffix(text, "\n")), width, text)
		}
	}
}

func TestGoals(t *testing.T) {
	s := samples{}
	for _, x := range []float64{30, 10, 20} {
		s.add("ours", figures{perOp: x, allocs: 1})
	}
	s.add("theirs", figures{perOp: 40})
	s.add("theirs", figures{perOp: 60})
	for _, tt := range []struct {
		name  string
		row   row
		ratio float64 // 0 for none
		met   bool
	}{
		{"the ratio of medians", row{Of: "ours", Beside: "theirs", Unit: perOp, Goal: atMost(0.4)}, 0.4, true},
		{"a ratio over the goal", row{Of: "ours", Beside: "theirs", Unit: perOp, Goal: atMost(0.39)}, 0.4, false},
		{"a figure", row{Of: "ours", Unit: allocs, Goal: atMost(1)}, 0, true},
		{"a figure over the goal", row{Of: "ours", Unit: allocs, Goal: atMost(0)}, 0, false},
		{"a figure to be reached", row{Of: "ours", Unit: perOp, Goal: atLeast(20)}, 0, true},
		{"a figure not reached", row{Of: "ours", Unit: perOp, Goal: atLeast(21)}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := s.fill(tt.row)
			require.NoError(t, err)
			require.Equal(t, tt.met, *l.Met)
			if tt.ratio == 0 {
				require.Nil(t, l.Ratio)
				return
			}
			require.InDelta(t, tt.ratio, *l.Ratio, 1e-9)
		})
	}
	_, err := s.fill(row{Of: "ours", Beside: "nobody", Unit: perOp})
	require.ErrorIs(t, err, errNoFigure)
	require.False(t, atMost(1).met(math.NaN()))
}

func TestFiguresAreShort(t *testing.T) {
	for _, tt := range []struct {
		x    float64
		unit string
		want string
	}{
		{133.4, perOp, "133 ns"}, {8.02, perOp, "8.02 ns"}, {2345, perOp, "2.35 us"}, {999.7, perOp, "1 us"}, {3e6, perOp, "3 ms"},
		{1, allocs, "1 alloc"}, {0, allocs, "0 allocs"}, {182_000, "restarts/s", "182 k/s"}, {600, "B/waiting", "600 B"},
		{1536, "B/live", "1.50 KB"}, {9.15, "ms-late-p99", "9.15 ms"}, {0.113, "s-to-end", "0.11 s"}, {-1, "goroutines", "-1"},
	} {
		require.Equal(t, tt.want, figure(tt.x, tt.unit))
	}
}

func TestSomeRowsCanBeChosen(t *testing.T) {
	require.Len(t, matching(rows(), regexp.MustCompile("")), len(rows()))
	for _, r := range matching(rows(), regexp.MustCompile("^refused")) {
		require.Equal(t, "refused while open", r.Path)
	}
	require.Empty(t, matching(rows(), regexp.MustCompile("no such row")))
}

// The whole program, with a path, a scenario and names, the last two in processes
// of their own.
func TestTheProgram(t *testing.T) {
	var out, progress bytes.Buffer
	code := compare([]string{"-run", "^refused|^Shutdown|hot of", "-rounds", "2", "-time", "1ms", "-targets", "100", "-scale", "0.001", "-json"},
		&out, &progress)
	require.Contains(t, []int{0, missed}, code, progress.String())
	require.Contains(t, progress.String(), "left")
	var got struct {
		Rows    []line
		Samples samples
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	require.Len(t, got.Samples["refused/holdfast"], 2)
	require.Len(t, got.Samples["names/hot_of_many"], 2)
	require.Len(t, got.Samples["shutdown/holdfast"], 1)
	require.NotContains(t, got.Samples, "success/gobreaker")
	anyMissed := false
	for _, l := range got.Rows {
		anyMissed = anyMissed || l.Met != nil && !*l.Met
	}
	require.Equal(t, anyMissed, code == missed)

	for says, wrong := range map[string][]string{
		"compare: -run: ":                            {"-run", "("},
		"compare: -rounds is 0: ":                    {"-rounds", "0"},
		"compare: -time is -1s: ":                    {"-time", "-1s"},
		"compare: -targets is 0: ":                   {"-targets", "0"},
		`compare: -run "no such row" matches no row`: {"-run", "no such row"},
		`compare: "more" is no flag`:                 {"more"},
		`compare: there is no scenario "nothing"`:    {"-child", "nothing"},
	} {
		progress.Reset()
		require.Equal(t, broken, compare(wrong, &out, &progress), wrong)
		require.Contains(t, progress.String(), says)
	}
}
