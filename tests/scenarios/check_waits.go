package scenarios

import (
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// waits is I5: every wait is in bounds, and is waited for.
func (c *checker) waits() {
	for _, e := range c.Events {
		s, ok := e.Event.(actors.RetryScheduled)
		if !ok {
			continue
		}
		f := c.of(s.Target)
		c.inBounds(f, s)
		attempts := c.byID[s.Operation]
		if len(attempts) == 0 || f.hedges() {
			continue
		}
		at := s.At.Sub(c.from) + s.Wait
		for _, a := range attempts {
			if a.Info.Number == s.Attempt && a.Begun.At < at {
				c.fail("I5: %s began attempt %d on %s %s before its wait was over", a.Op.name(), s.Attempt, s.Target, at-a.Begun.At)
			}
		}
		if op := attempts[0].Op; op.Call.Deadline > 0 && s.Wait > 0 && at > op.Asked.At+op.Call.Deadline {
			c.fail("I5: %s was to wait for %s on %s, past its deadline", op.name(), s.Wait, s.Target)
		}
	}
}

func (c *checker) inBounds(f *facts, s actors.RetryScheduled) {
	least, most, server := endless, time.Duration(0), time.Duration(0)
	for _, v := range f.versions {
		least, most = min(least, v.Retry.MinWait), max(most, v.Retry.MaxWait)
		server = max(server, v.Retry.MaxServerWait)
	}
	switch s.Source {
	case retry.Computed:
		if s.Wait < least || s.Wait > most {
			c.fail("I5: a wait of %s on %s, whose bounds are %s and %s", s.Wait, s.Target, least, most)
		}
	case retry.Server:
		if s.Wait > server {
			c.fail("I5: a wait of %s on %s for its server, whose bound is %s", s.Wait, s.Target, server)
		}
	}
}
