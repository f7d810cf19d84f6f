package main

import (
	"fmt"
	"strings"
)

// reading says in words what the table shows, and what it costs. It is empty
// for runs that can't be compared. ownTarget is as in writeTable.
func reading(plain, guarded summary, ownTarget bool) []string {
	if !plain.ran || !guarded.ran || plain.unfinished+guarded.unfinished > 0 {
		return nil
	}
	var text []string
	where := "to a service that was down"
	if ownTarget {
		where = "that could not connect"
	}
	switch {
	case plain.refused == 0 || guarded.refused >= plain.refused:
	case guarded.refused == 0:
		text = append(text, fmt.Sprintf("Holdfast sent no call %s, the plain loop %d.", where, plain.refused))
	default:
		text = append(text, fmt.Sprintf("Holdfast sent %.1f %% fewer calls %s.",
			100*(1-float64(guarded.refused)/float64(plain.refused)), where))
	}
	switch {
	case guarded.failed < plain.failed:
		text = append(text, fmt.Sprintf("%d operations failed instead of %d.", guarded.failed, plain.failed))
	case guarded.failed > plain.failed:
		text = append(text, fmt.Sprintf("More operations failed: %d instead of %d.", guarded.failed, plain.failed))
	}
	if guarded.all.p99 > plain.all.p99 && guarded.succeeded > plain.succeeded {
		text = append(text, "The longer p99 over all operations is background work that was parked through the outage and then succeeded, where the plain loop gave up early.")
	}
	switch sooner := guarded.interactive.p99 < plain.interactive.p99; {
	case sooner && guarded.usersFailed > plain.usersFailed:
		text = append(text, "Users got their answer, or an error, sooner; the price is that an open breaker turned some away whom the plain loop's last retry would have served.")
	case sooner:
		text = append(text, "Users got their answer, or an error, sooner.")
	}
	if len(text) == 0 {
		return nil
	}
	return append([]string{""}, wrap(strings.Join(text, " "), width)...)
}

// wrap breaks text at its blanks into lines of at most columns characters.
func wrap(text string, columns int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > columns:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
