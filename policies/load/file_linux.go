package load

import (
	"os"
	"slices"
	"syscall"
)

// kernelFiles are the file systems whose regular files are made by the kernel
// while they are read: proc, sys, debug, trace, cgroup, cgroup2. The numbers are
// those of linux/magic.h.
var kernelFiles = []uint32{0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x27e0eb, 0x63677270}

// ofKernel is true of a file that isn't stored anywhere. To read one may wait
// for something to happen, as with /proc/kmsg.
func ofKernel(f *os.File) bool {
	var of syscall.Statfs_t
	known := false
	c, err := f.SyscallConn() // f.Fd would have it wait where it is told not to
	if err == nil {
		err = c.Control(func(fd uintptr) { known = syscall.Fstatfs(int(fd), &of) == nil })
	}
	return err == nil && known && slices.Contains(kernelFiles, uint32(of.Type))
}
