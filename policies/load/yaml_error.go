package load

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// countedFromZero are the errors of which the parser counts lines from 0: those
// of its grammar. The others come from its scanner.
var countedFromZero = []string{
	"did not find expected <stream-start>", "did not find expected <document start>", "did not find expected node content",
	"did not find expected '-' indicator", "did not find expected key", "did not find expected ',' or ']'",
	"did not find expected ',' or '}'", "found undefined tag handle", "found duplicate %YAML directive",
	"found incompatible YAML document", "found duplicate %TAG directive",
}

var (
	atLine        = regexp.MustCompile(`^line (\d+): `)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// notYAML turns the parser's error about a text's syntax into one that shows
// nothing of the text, in which secrets may stand: a password that begins with
// "*" is an alias to the parser. So it has no cause either.
func notYAML(data []byte, err error) error {
	problem := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &policies.FieldError{Line: 1} // where none is named
	if alias := unknownAnchor.FindStringSubmatch(problem); alias != nil {
		e.Line, e.Column = onlyPlace(data, "*"+alias[1])
		e.Problem = "is not valid YAML: an alias names an anchor that isn't there before it; a value that begins with * needs quotes"
		return e
	}
	if line := atLine.FindStringSubmatch(problem); line != nil {
		problem = problem[len(line[0]):]
		e.Line, _ = strconv.Atoi(line[1])
		if slices.Contains(countedFromZero, problem) {
			e.Line++
		}
		e.Line = min(e.Line, lastLine(data))
	} else if problem == "control characters are not allowed" {
		e.Line, e.Column = position(data, bytes.IndexFunc(data, isControl))
	}
	e.Problem = "is not valid YAML: " + problem
	return e
}

// isControl is true of what YAML doesn't allow in a text.
func isControl(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return false
	}
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff
}

// onlyPlace is where text stands in data, if it stands there once.
func onlyPlace(data []byte, text string) (line, column int) {
	if bytes.Count(data, []byte(text)) != 1 {
		return 0, 0
	}
	return position(data, bytes.Index(data, []byte(text)))
}

// lastLine is the last line with anything on it. A carriage return alone ends
// a line of YAML too.
func lastLine(data []byte) int {
	data = bytes.TrimRight(data, " \r\n")
	return 1 + bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) - bytes.Count(data, []byte("\r\n"))
}

// undecoded turns the parser's error about a text whose syntax is right into
// one that shows nothing of it: what it quotes is cut off.
func undecoded(err error) *policies.FieldError {
	problem := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n  ")
	if at := strings.IndexAny(problem, "`'\":{["); at >= 0 {
		problem = problem[:at]
	}
	return &policies.FieldError{Problem: "is not valid YAML: " + strings.TrimSpace(problem)}
}
