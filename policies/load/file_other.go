//go:build !linux

package load

import "os"

// ofKernel is true of a file that isn't stored anywhere; here all are.
func ofKernel(*os.File) bool { return false }
