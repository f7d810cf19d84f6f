package classify

import "errors"

// joinedAfterSend reports whether err joins several errors (errors.Join, two
// %w) of which one is known to come from after something was sent. A commit
// whose answer was lost, joined with the refused connection of whoever tried
// to clean up, may have taken effect, whatever the table has to say that knows
// the other error. Errors that no table knows are left out: they are names that
// programs give to the errors beside them.
func joinedAfterSend(err error) bool {
	for e := err; e != nil; e = errors.Unwrap(e) {
		several, ok := e.(joiner) //nolint:errorlint // the loop does the unwrapping
		if !ok {
			continue
		}
		for _, branch := range several.Unwrap() {
			if branch != nil && branchAfterSend(branch) {
				return true
			}
		}
		return false
	}
	return false
}

// branchAfterSend looks only at branches that don't join errors themselves, so
// that each error of a tree is looked at once.
func branchAfterSend(err error) bool {
	if joins(err) {
		return joinedAfterSend(err)
	}
	v := byTables(err, look(err))
	return v.Ambiguous && v.Condition != Unknown
}

func joins(err error) bool {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if _, ok := e.(joiner); ok { //nolint:errorlint // the loop does the unwrapping
			return true
		}
	}
	return false
}
