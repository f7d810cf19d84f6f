//go:build unix

package load

import (
	"os"
	"syscall"
)

// open opens a file to read. It doesn't wait for a writer, as it would for a
// FIFO that has taken the file's place since it was looked at.
func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
