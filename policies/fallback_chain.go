package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// fallbackPath is the setting that chains are made of.
const fallbackPath = "fallback.target"

// FallbackProblems returns, by target, what is wrong with the target it falls
// back to: one that there is not, a way that leads back, a chain of more than
// [MaxFallbacks]. Each circle and each chain is reported once.
func FallbackProblems(targets map[string]*Policy) map[string]string {
	f := &fallbacks{targets: targets, problems: map[string]string{}, length: map[string]int{}}
	for name, p := range targets {
		if p.Fallback.Target != "" {
			f.from = append(f.from, name)
		}
	}
	if f.from == nil {
		return nil
	}
	slices.Sort(f.from)
	f.check()
	return f.problems
}

type fallbacks struct {
	targets  map[string]*Policy
	from     []string // the targets that fall back, sorted
	problems map[string]string
	// length is how many targets a way that begins there leads through,
	// endless for one that comes back.
	length map[string]int
	// strange are the names of targets that there are not, with the one they
	// are near to, and names those there are.
	strange map[string]string
	names   []string
	others  int // for how many targets another near one was looked for
}

const endless = -1

func (f *fallbacks) check() {
	first := map[string]bool{} // nobody falls back to it
	for _, name := range f.from {
		first[name] = true
	}
	for _, name := range f.from {
		to := f.targets[name].Fallback.Target
		delete(first, to)
		if f.targets[to] == nil {
			f.problems[name] = f.unknown(name, to)
		}
		f.follow(name)
	}
	for name := range first {
		if n := f.length[name]; n > MaxFallbacks {
			f.problems[name] = fmt.Sprintf("leads through %d targets, at most %d are allowed", n, MaxFallbacks)
		}
	}
}

// suggestions is for how many unknown names a near one is looked for.
const suggestions = 20

func (f *fallbacks) unknown(from, name string) string {
	if f.strange == nil {
		f.strange, f.names = map[string]string{}, slices.Sorted(maps.Keys(f.targets))
	}
	near, told := f.strange[name]
	if !told {
		if len(f.strange) < suggestions {
			near = Nearest(name, f.names)
		}
		f.strange[name] = near
	}
	if near == from {
		near = ""
		if f.others++; f.others <= suggestions {
			near = Nearest(name, slices.DeleteFunc(slices.Clone(f.names), func(n string) bool { return n == from }))
		}
	}
	if near == "" {
		return "there is no such target"
	}
	return fmt.Sprintf("there is no such target; did you mean %q?", near)
}

// follow goes the way of an operation that fails everywhere, as far as it is
// not known yet.
func (f *fallbacks) follow(name string) {
	var way []string
	at := map[string]int{}
	length := 0
	for p := f.targets[name]; p != nil && p.Fallback.Target != ""; p = f.targets[name] {
		if known, ok := f.length[name]; ok {
			length = known
			break
		}
		if i, back := at[name]; back {
			f.circle(way[i:])
			length = endless
			break
		}
		at[name] = len(way)
		way = append(way, name)
		name = p.Fallback.Target
	}
	for _, passed := range slices.Backward(way) {
		if length != endless {
			length++
		}
		f.length[passed] = length
	}
}

// circle reports the targets of one, at the first of them.
func (f *fallbacks) circle(members []string) {
	i := slices.Index(members, slices.Min(members))
	members = slices.Concat(members[i:], members[:i+1])
	if len(members) == 2 {
		f.problems[members[0]] = `is the target itself; give it another, or "" for none`
		return
	}
	const shown = 6
	way := strings.Join(members[:min(len(members), shown)], " -> ")
	if len(members) > shown {
		way += fmt.Sprintf(" -> and %d more", len(members)-shown)
	}
	f.problems[members[0]] = "leads back to where it began: " + way
}

// fallbackContradictions reports the problems at the targets' paths.
func fallbackContradictions(targets map[string]*Policy) Errors {
	problems := FallbackProblems(targets)
	var found Errors
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		found = append(found, &FieldError{
			Path: FieldPath("targets", name) + "." + fallbackPath, Value: targets[name].Fallback.Target, Problem: problems[name],
		})
	}
	return found
}
