package load

// content is what stands in a file, or what a provider gives, at one moment, or
// why it can't be read.
type content struct {
	data []byte
	// values are those of a provider without a parser.
	values map[string]any
	err    error
	// provided says that it is a provider's.
	provided bool
}

// readAll reads the files and asks the providers among the sources, in their
// order.
func readAll(sources []Source) []content {
	all := make([]content, len(sources))
	for i, s := range sources {
		switch {
		case s.path != "":
			all[i].data, all[i].err = readFile(s.path)
		case s.fetch != nil:
			all[i] = s.fetch()
		}
	}
	return all
}
