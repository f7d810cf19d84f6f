package supervisor

// Has says whether there is a target of that name: one that runs, or that a
// policy names. It starts nothing, and costs little for a name nobody knows, so
// that whoever picks targets by what comes in (a host, a tenant) can ask for
// each call.
func (s *Supervisor) Has(target string) bool {
	if _, running := s.targets.Load(target); running {
		return true
	}
	return s.set.Load().Has(target)
}
