package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Which mutant is alive, and where to note which were passed, are told to a test
// binary by its environment.
const (
	aliveEnv  = "HOLDFAST_MUTANT"
	passedEnv = "HOLDFAST_MUTANTS_PASSED"
)

// switchFile is added to each mutated package. It can't be one package that the
// others import: an overlay may only add files to the module's own.
const switchFile = `package %s

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

var (
	mutantAlive  = mutantNumber()
	mutantPassed = os.Getenv(%q)
	mutantSeen   [%d]atomic.Bool
)

func mutantNumber() int {
	n, _ := strconv.Atoi(os.Getenv(%q))
	return n
}

func mutantAt(id int) bool {
	if mutantPassed != "" && mutantSeen[id].CompareAndSwap(false, true) {
		mutantNote(id)
	}
	return id == mutantAlive
}

func mutantNote(id int) {
	f, err := os.OpenFile(mutantPassed, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, id); err != nil {
		panic(err)
	}
}
`

// overlay writes the mutated files of a group to dir, and the file for the go
// command's -overlay. The tree itself is not touched.
func overlay(root, dir string, g *group) (all []mutant, path string, err error) {
	files, err := g.sources(root)
	if err != nil {
		return nil, "", err
	}
	replace, packages := map[string]string{}, map[string]string{}
	id := 0
	next := func() int { id++; return id }
	for i, file := range files {
		src, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return nil, "", err
		}
		mutants, out, err := mutate(root, file, src, next)
		if err != nil {
			return nil, "", err
		}
		all = append(all, mutants...)
		to := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(to, out, 0o600); err != nil {
			return nil, "", err
		}
		replace[filepath.Join(root, file)] = to
		folder := filepath.Dir(file)
		packages[folder] = filepath.Base(folder)
	}
	for folder, name := range packages {
		to := filepath.Join(dir, name+"_switch.go")
		if err := os.WriteFile(to, fmt.Appendf(nil, switchFile, name, passedEnv, id+1, aliveEnv), 0o600); err != nil {
			return nil, "", err
		}
		replace[filepath.Join(root, folder, "mutant_switch.go")] = to
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, "", err
	}
	path = filepath.Join(dir, "overlay.json")
	return all, path, os.WriteFile(path, text, 0o600)
}
