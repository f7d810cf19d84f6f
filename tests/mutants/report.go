package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// report prints what became of a group's mutants, and says whether that is good.
func report(g *group, results []result, took time.Duration, out io.Writer) (good bool) {
	allowed := allowedBy()
	var killed, hanging, equivalent, unreached int
	var survivors, wrong []result
	for _, r := range results {
		_, isAllowed := allowed[r.key()]
		switch {
		case r.verdict == failed && isAllowed:
			wrong = append(wrong, r)
		case r.verdict == hung:
			hanging++
		case r.verdict == failed:
			killed++
		case isAllowed:
			equivalent++
		default:
			survivors = append(survivors, r)
			if r.reached == 0 {
				unreached++
			}
		}
	}
	fmt.Fprintf(out, "%s: %d mutants in %s: %d killed, %d hung, %d equivalent, %d survived (%d that no test comes by)\n",
		g.name, len(results), took.Round(time.Second), killed, hanging, equivalent, len(survivors), unreached)
	for _, r := range survivors {
		fmt.Fprintf(out, "SURVIVED (%d tests) %s\n", r.reached, r.mutant)
	}
	for _, r := range wrong {
		fmt.Fprintf(out, "NOT EQUIVALENT, %s noticed: %s\n", r.by, r.mutant)
	}
	return len(survivors) == 0 && len(wrong) == 0
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("asking for the module: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || filepath.Base(file) != "go.mod" {
		return "", errors.New("run it within the module")
	}
	return filepath.Dir(file), nil
}
