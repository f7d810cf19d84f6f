package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// How much is shown of one reload. All of a bad configuration is what -check
// is for.
const (
	shownChanges = 6
	shownErrors  = 3
	errorLines   = 3 // of one error
)

// applied tells what a reload has changed.
func (n fileNames) applied(e actors.PoliciesApplied) []string {
	if len(e.Changes) == 0 {
		return []string{"valid again, and as it was"}
	}
	all := alike(e.Changes)
	rest := 0
	if len(all) > shownChanges {
		rest = len(all) - shownChanges + 1
	}
	var lines []string
	for _, c := range all[:len(all)-rest] {
		lines = append(lines, hanging(n.change(c))...)
	}
	if rest > 0 {
		lines = append(lines, fmt.Sprintf("and %d more changes", rest))
	}
	return lines
}

// sameChange is one difference in one target or several.
type sameChange struct {
	policies.Change
	targets []string
}

// alike puts together what is the same for several targets, as a value for all
// of them is. What is about the target that the demo calls comes first.
func alike(changes []policies.Change) []sameChange {
	var all []sameChange
	for _, called := range []bool{true, false} {
		for _, c := range changes {
			if (c.Target == modelAPI) != called {
				continue
			}
			target := c.Target
			if c.Path != "" {
				c.Target = ""
			}
			i := slices.IndexFunc(all, func(other sameChange) bool { return other.Change == c })
			if i < 0 {
				i, all = len(all), append(all, sameChange{Change: c})
			}
			all[i].targets = append(all[i].targets, target)
		}
	}
	return all
}

// change is one difference. It is about model_api where no target is named.
func (n fileNames) change(c sameChange) string {
	if c.Path == "" {
		return c.String()
	}
	const value, targets = 24, 16
	text := fmt.Sprintf("%s %s -> %s (%s)", c.Path, shortList(c.Old, value), shortList(c.New, value),
		cutFront(n.origin(c.Origin), textWidth-4))
	if !slices.Equal(c.targets, []string{modelAPI}) {
		text = shortList(strings.Join(c.targets, ", "), targets) + ": " + text
	}
	return text
}

// rejected tells what is wrong with a configuration that wasn't taken.
func (n fileNames) rejected(e actors.PoliciesRejected) []string {
	var found policies.Errors
	if !errors.As(e.Err, &found) {
		return hanging("rejected, the policies stay as they were: " + e.Err.Error())
	}
	count := "1 bad setting"
	if len(found) > 1 {
		count = fmt.Sprintf("%d bad settings", len(found))
	}
	lines := []string{"rejected, the policies stay as they were: " + count}
	for i, bad := range found {
		if i == shownErrors {
			return append(lines, fmt.Sprintf("and %d more, which -check lists", len(found)-i))
		}
		short := *bad
		short.Source = n.of(short.Source)
		lines = append(lines, hanging(short.Error())...)
	}
	return lines
}

// hanging breaks a text into a few lines of the event stream, and indents all
// but the first.
func hanging(text string) []string {
	const indent = "  "
	lines := wrap(text, textWidth-len(indent))
	if len(lines) > errorLines {
		last := strings.Join(lines[errorLines-1:], " ")
		lines = append(lines[:errorLines-1], fit(last, textWidth-len(indent)))
	}
	for i := range lines[1:] {
		lines[i+1] = indent + lines[i+1]
	}
	return lines
}
