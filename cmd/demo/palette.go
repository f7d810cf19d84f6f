package main

import "os"

// colour is an ANSI select-graphic-rendition code.
type colour string

const (
	noColour colour = ""
	bold     colour = "1"
	dim      colour = "2"
	red      colour = "31"
	green    colour = "32"
	yellow   colour = "33"
	blue     colour = "34"
	cyan     colour = "36"
)

// palette colours text, or leaves it alone when it is off.
type palette struct{ on bool }

func (p palette) paint(c colour, text string) string {
	if !p.on || c == noColour {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// paletteFor says whether output to f should be coloured: on a terminal, and
// not against the user's wish (https://no-color.org, TERM=dumb).
func paletteFor(f *os.File, getenv func(string) string) palette {
	if getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return palette{}
	}
	info, err := f.Stat()
	return palette{on: err == nil && info.Mode()&os.ModeCharDevice != 0}
}
