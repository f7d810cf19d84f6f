//go:build !unix

package load

import "os"

// open opens a file to read. There are no FIFOs among files here.
func open(path string) (*os.File, error) { return os.Open(path) }
