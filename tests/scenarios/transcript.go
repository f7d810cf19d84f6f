package scenarios

import (
	"fmt"
	"strings"
)

// Transcript is a scenario as a file has it: comments, commands that begin with
// "> ", and after each what happens then.
type Transcript struct {
	Program *Program
	// Loose says that the commands race, so that there is nothing to be read.
	Loose  bool
	blocks []block
}

// block is a command, with the comments before it.
type block struct {
	comments []string
	command  string
	step     bool // and not a line about a target
}

// ReadTranscript reads one. What happened is not read, as it is to be found out,
// and is known by the spaces before it; any other line that is no command is an
// error, which names the file and the line.
func ReadTranscript(file, text string) (*Transcript, error) {
	t := &Transcript{Program: &Program{}}
	var comments []string
	for i, line := range strings.Split(text, "\n") {
		command, ok := strings.CutPrefix(line, "> ")
		switch {
		case line == "loose":
			t.Loose = true
		case strings.HasPrefix(line, "#"):
			comments = append(comments, line)
		case ok || t.Loose && line != "":
			before := len(t.Program.Steps)
			if !ok {
				command = line
			}
			if err := t.Program.Add(command); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
			}
			t.blocks = append(t.blocks, block{comments, command, len(t.Program.Steps) > before})
			comments = nil
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(line, " "), strings.HasPrefix(strings.TrimSpace(line), ">"):
			return nil, fmt.Errorf("%s:%d: %q is neither a command, which begins with \"> \", nor a comment, nor what happens, which begins with spaces",
				file, i+1, line)
		}
	}
	if len(t.blocks) == 0 {
		return nil, fmt.Errorf("%s: there is no command in it", file)
	}
	return t, nil
}

// Text is the file's text with what has happened after each step.
func (t *Transcript) Text(steps []string) string {
	var b strings.Builder
	for i, block := range t.blocks {
		if i > 0 && len(block.comments) > 0 {
			b.WriteString("\n")
		}
		for _, c := range block.comments {
			fmt.Fprintln(&b, c)
		}
		fmt.Fprintf(&b, "> %s\n", block.command)
		if block.step {
			b.WriteString(steps[0])
			steps = steps[1:]
		}
	}
	return b.String()
}
