//go:build !windows

package classify

import "syscall"

// platformErrnos adds nothing where package syscall's E-constants are the
// system's own.
var platformErrnos map[syscall.Errno]string
