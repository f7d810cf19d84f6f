package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// width of a line, and of its columns, the last of which is as wide as "MISSED".
const (
	width  = 100
	format = "%-32s %10s  %-20s %9s %6s  %-9s %s"
)

// table writes the lines for people. A path is named once for all of its lines.
func table(w io.Writer, lines []line) {
	heading := fmt.Sprintf(format, "path", "Holdfast", "beside", "", "ratio", "goal", "")
	fmt.Fprintln(w, strings.TrimRight(heading, " "))
	fmt.Fprintln(w, strings.Repeat("-", width))
	last := ""
	for _, l := range lines {
		fmt.Fprintln(w, l.text(l.Path == last))
		last = l.Path
	}
}

func (l line) text(again bool) string {
	path, other, ratio, goal, verdict := l.Path, "", "", "", ""
	if again {
		path = ""
	}
	if l.Ratio != nil {
		other, ratio = figure(*l.Other, l.Unit), fmt.Sprintf("%.2f", *l.Ratio)
		if *l.Ratio >= 100 {
			ratio = fmt.Sprintf("%.0f", *l.Ratio)
		}
	}
	if l.Goal != nil {
		goal = l.Goal.text(l.Unit, l.Ratio != nil)
	}
	if l.Met != nil {
		verdict = "MISSED"
		if *l.Met {
			verdict = "met"
		}
	}
	return strings.TrimRight(fmt.Sprintf(format, path, figure(l.Holdfast, l.Unit), l.Peer, other, ratio, goal, verdict), " ")
}

func (g *goal) text(unit string, ratio bool) string {
	sign, x := "<=", g.Most
	if x == nil {
		sign, x = ">=", g.Least
	}
	if ratio {
		return fmt.Sprintf("%s %.2f", sign, *x)
	}
	if unit == allocs {
		return fmt.Sprintf("%s %.0f", sign, *x)
	}
	return sign + " " + strings.ReplaceAll(figure(*x, unit), " ", "")
}

// figure is a number with its unit, in about 9 signs.
func figure(x float64, unit string) string {
	switch {
	case unit == perOp, unit == "ns/start":
		return scaled(x, 1000, "ns", "us", "ms")
	case unit == allocs && x == 1:
		return "1 alloc"
	case unit == allocs:
		return fmt.Sprintf("%.0f allocs", x)
	case unit == "goroutines":
		return fmt.Sprintf("%.0f", x)
	case strings.HasSuffix(unit, "/s"):
		return scaled(x, 1000, "/s", "k/s", "M/s")
	case strings.HasPrefix(unit, "B/"):
		return scaled(x, 1024, "B", "KB", "MB")
	case strings.HasPrefix(unit, "ms-"):
		return scaled(x, 1000, "ms", "s")
	case strings.HasPrefix(unit, "s-"):
		return scaled(x, 1000, "s", "ks")
	}
	return fmt.Sprintf("%.3g", x)
}

// scaled gives three digits or so in the unit that suits.
func scaled(x, step float64, units ...string) string {
	for len(units) > 1 && math.Round(x) >= step {
		x, units = x/step, units[1:]
	}
	digits := 2
	switch {
	case x >= 100:
		digits = 0
	case x >= 10:
		digits = 1
	}
	return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%.*f", digits, x), ".00"), ".0") + " " + units[0]
}
