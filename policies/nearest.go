package policies

import "strings"

// Nearest returns the one of known that name is most likely a misspelling of,
// or "" where none is near. Near means at most two letters inserted, dropped,
// changed or swapped with their neighbour, and at most one where the known
// name has four letters or fewer. Case does not count. Of two equally near
// names the earlier wins.
func Nearest(name string, known []string) string {
	const limit = 2
	best, bestAt := "", limit+1
	folded := strings.ToLower(name)
	for _, k := range known {
		if d := len(k) - len(folded); d > limit || d < -limit {
			continue
		}
		at := distance(folded, strings.ToLower(k))
		if len(k) <= 4 && at > 1 {
			continue
		}
		if at < bestAt {
			best, bestAt = k, at
		}
	}
	return best
}

// distance is the optimal string alignment distance in bytes: Levenshtein's,
// with a swap of two neighbours counted as one edit.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
