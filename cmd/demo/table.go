package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// row is one line of the comparison.
type row struct {
	name                    string
	plain, guarded, against string
	good                    bool // whether against deserves a colour
}

// writeTable writes the two runs side by side. ownTarget says that the
// service was the user's own, of which no outage is known.
func writeTable(w io.Writer, p palette, plain, guarded summary, ownTarget bool) {
	line := func(c colour, name, a, b, ratio string) {
		text := fmt.Sprintf("  %-38s%12s%12s%16s", name, a, b, ratio)
		_, _ = fmt.Fprintln(w, p.paint(c, strings.TrimRight(text, " ")))
	}
	line(bold, "", "plain loop", "Holdfast", "Holdfast/plain")
	_, _ = fmt.Fprintln(w, "  "+strings.Repeat("-", width-2))
	for _, r := range rows(plain, guarded, ownTarget) {
		c := noColour
		if r.good {
			c = green
		}
		line(c, r.name, r.plain, r.guarded, r.against)
	}
}

func rows(a, b summary, ownTarget bool) []row {
	count := func(name string, a64, b64 int64) row {
		return row{name: name, plain: cell(a.ran, a64), guarded: cell(b.ran, b64), against: ratio(a.ran && b.ran, float64(a64), float64(b64))}
	}
	wait := func(name string, x, y time.Duration, xKnown, yKnown bool) row {
		return row{name: name, plain: duration(xKnown, x), guarded: duration(yKnown, y), against: ratio(xKnown && yKnown, float64(x), float64(y))}
	}
	met := "calls that met the service while down"
	if ownTarget {
		met = "calls that could not connect"
	}
	operations := count("operations", int64(a.operations), int64(b.operations))
	operations.against = ""
	failed := count("  failed", int64(a.failed), int64(b.failed))
	refused := count(met, a.refused, b.refused)
	failed.good = a.ran && b.ran && b.failed < a.failed
	refused.good = a.ran && b.ran && b.refused < a.refused
	all := []row{
		operations,
		count("  succeeded", int64(a.succeeded), int64(b.succeeded)),
		failed,
		count("    with a user waiting", int64(a.usersFailed), int64(b.usersFailed)),
	}
	if a.unfinished+b.unfinished > 0 {
		all = append(all, count("  cut off by the interrupt", int64(a.unfinished), int64(b.unfinished)))
	}
	all = append(all,
		refused,
		count("calls in all", a.calls, b.calls),
		row{name: "from arrival to answer or error"},
		wait("  with a user waiting, p50", a.interactive.p50, b.interactive.p50, a.ran, b.ran),
		wait("  with a user waiting, p99", a.interactive.p99, b.interactive.p99, a.ran, b.ran),
		wait("  all operations, p50", a.all.p50, b.all.p50, a.ran, b.ran),
		wait("  all operations, p99", a.all.p99, b.all.p99, a.ran, b.ran),
	)
	x, y := a.recovery, b.recovery
	if !x.known && !y.known {
		return all
	}
	saved := func(r recovery) string {
		if !r.known {
			return "-"
		}
		return fmt.Sprintf("%d of %d", r.saved, r.backlog)
	}
	return append(all,
		row{name: "from the service's return"},
		wait("  to the first success", x.firstSuccess, y.firstSuccess, x.succeeded, y.succeeded),
		wait("  to the end of the backlog", x.drained, y.drained, x.known, y.known),
		row{name: "  succeeded of the backlog", plain: saved(x), guarded: saved(y)},
	)
}

func cell(known bool, n int64) string {
	if !known {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}

func duration(known bool, d time.Duration) string {
	if !known {
		return "-"
	}
	return short(d)
}

// ratio says how much b is of a: in percent up to twice as much, as a factor
// beyond.
func ratio(known bool, a, b float64) string {
	switch {
	case !known || a == 0:
		return ""
	case b > 2*a:
		return fmt.Sprintf("%.1f x", b/a)
	case b > 0 && b < a/10:
		return fmt.Sprintf("%.1f %%", 100*b/a)
	}
	return fmt.Sprintf("%.0f %%", 100*b/a)
}
