package actors

import (
	"fmt"

	"github.com/holdfast-go/holdfast/policies"
)

// PoliciesApplied says that new policies are in force.
type PoliciesApplied struct {
	Header
	// Changed names the running targets whose policy changed, sorted.
	Changed []string
	// Changes are the differences between the set that was given before and
	// the one given now, with old and new values, of running targets and others.
	Changes []policies.Change
}

// PoliciesRejected says that policies that were to be put in force are wrong,
// so that those before them stay.
type PoliciesRejected struct {
	Header
	// Err says what is wrong, a policies.Errors for what a file says.
	Err error
}

// WatchDegraded says that the operating system can't tell of changes to the
// configuration's files, so that they are found by polling, later and at a
// higher cost.
type WatchDegraded struct {
	Header
	Err error
}

func (e PoliciesApplied) String() string {
	s := fmt.Sprintf("policies applied, %s changed", counted(len(e.Changes), "setting"))
	for i, c := range e.Changes {
		if i == shownChanges {
			return s + fmt.Sprintf("; and %d more", len(e.Changes)-i)
		}
		s += "; " + c.String()
	}
	return s
}

// shownChanges bounds how many changes String lists.
const shownChanges = 10

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (e PoliciesRejected) String() string {
	return fmt.Sprintf("policies rejected, those before stay: %v", e.Err)
}

func (e WatchDegraded) String() string {
	return fmt.Sprintf("changes to the configuration are found by polling: %v", e.Err)
}
