package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/holdfast-go/holdfast/policies"
)

// The columns of the table: the setting's name, then its value, then where
// that comes from. A list is cut at listWidth; other values are shorter.
const (
	settingWidth = 26
	listWidth    = 24
)

// checkTable writes policies as a table, a line a setting.
type checkTable struct {
	text    strings.Builder
	palette palette
	names   fileNames
	// origins is the column in which the origins begin.
	origins int
}

// writeCheck prints the policies of targets, and where each value comes from.
// Of targets that nobody asked for by name only what somebody chose is shown.
func writeCheck(w io.Writer, p palette, files []string, set *policies.Set, targets []resolved, named bool) error {
	hidden := make([]int, len(targets))
	if !named {
		for i := range targets {
			hidden[i] = targets[i].hideBuiltIn()
		}
	}
	t := &checkTable{palette: p, names: shortNames(files)}
	t.heading(files, set.Len())
	for _, target := range targets {
		for _, f := range target.fields {
			t.origins = max(t.origins, settingWidth+utf8.RuneCountInString(shortList(f.Value, listWidth))+2)
		}
	}
	for i, target := range targets {
		t.target(target)
		if hidden[i] > 0 {
			t.line(dim, fit(fmt.Sprintf("  and %d built-in values, which -check %s shows", hidden[i], target.name), width))
		}
	}
	_, err := io.WriteString(w, t.text.String())
	return err
}

// hideBuiltIn leaves the type and what somebody chose, and counts the rest.
func (r *resolved) hideBuiltIn() (hidden int) {
	var chosen []policies.Field
	for _, f := range r.fields {
		if f.Origin.Source == "" && f.Path != "type" {
			hidden++
			continue
		}
		chosen = append(chosen, f)
	}
	r.fields = chosen
	return hidden
}

// heading says which file is which, since the table has short names only.
func (t *checkTable) heading(files []string, targets int) {
	t.line(noColour, fmt.Sprintf("The configuration is valid: %d targets, the four operation types among them.", targets))
	t.line(noColour, "Its sources, the later over the earlier:")
	t.line(noColour, "  variables RETRY__..., as Bindu has them")
	if len(files) == 0 {
		t.line(noColour, "  "+builtInName+", built in")
	}
	for _, file := range files {
		// Not cut, as here one must be able to tell which file it is.
		t.line(noColour, "  "+file)
	}
	t.line(noColour, "  variables "+variablePrefix+"...")
}

func (t *checkTable) target(target resolved) {
	t.line(bold, "\n"+fit(target.name, width))
	block := ""
	for _, f := range target.fields {
		indent, name := "  ", f.Path
		if of, key, inBlock := strings.Cut(f.Path, "."); inBlock {
			if of != block {
				t.line(noColour, "  "+of)
				block = of
			}
			indent, name = "    ", key
		}
		t.row(indent+name, f)
	}
}

// row writes one setting: what is built in is dim, and what somebody chose
// isn't. An origin that is too long for its column has a line of its own.
func (t *checkTable) row(name string, f policies.Field) {
	usual, chosen := noColour, bold
	if f.Origin.Source == "" {
		usual, chosen = dim, dim
	}
	value, origin := shortList(f.Value, listWidth), t.names.origin(f.Origin)
	gap := strings.Repeat(" ", t.origins-settingWidth-utf8.RuneCountInString(value))
	below := ""
	if room := width - t.origins; utf8.RuneCountInString(origin) > room {
		const indent = "      "
		gap, below = "", indent+cutFront(origin, width-len(indent))
		origin = ""
	}
	t.line(noColour, t.palette.paint(usual, fmt.Sprintf("%-*s", settingWidth, name))+
		t.palette.paint(chosen, value)+t.palette.paint(usual, gap+origin))
	if below != "" {
		t.line(usual, below)
	}
}

func (t *checkTable) line(c colour, text string) { t.text.WriteString(t.palette.paint(c, text) + "\n") }
