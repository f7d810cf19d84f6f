package load

// content is what stands in a file at one moment, or why it can't be read.
type content struct {
	data []byte
	err  error
}

// readAll reads the files among the sources, in their order.
func readAll(sources []Source) []content {
	all := make([]content, len(sources))
	for i, s := range sources {
		if s.path != "" {
			all[i].data, all[i].err = readFile(s.path)
		}
	}
	return all
}
