package classify

import "syscall"

// errnos gives the system call errors that a condition exists for. Those of
// them that package fs has a portable name for (ENOENT, EACCES, EEXIST) are
// not here.
var errnos = map[syscall.Errno]string{
	syscall.ECONNREFUSED:  NetRefused,
	syscall.ENETUNREACH:   NetUnreachable,
	syscall.EHOSTUNREACH:  NetUnreachable,
	syscall.ENETDOWN:      NetUnreachable,
	syscall.EHOSTDOWN:     NetUnreachable,
	syscall.EADDRNOTAVAIL: NetDial,
	syscall.ECONNRESET:    NetReset,
	syscall.ENETRESET:     NetReset,
	syscall.ECONNABORTED:  NetAborted,
	syscall.EPIPE:         NetBrokenPipe,
	syscall.ESHUTDOWN:     NetBrokenPipe,
	syscall.ENOTCONN:      NetClosed,
	syscall.ETIMEDOUT:     NetTimeout,
	syscall.EIO:           OSIO,
	syscall.ESTALE:        OSIO,
	syscall.EAGAIN:        OSAgain,
	syscall.EINTR:         OSAgain,
	syscall.EBUSY:         OSAgain,
	syscall.EDEADLK:       OSAgain,
	syscall.ENOLCK:        OSAgain,
	syscall.EMFILE:        OSResources,
	syscall.ENFILE:        OSResources,
	syscall.ENOMEM:        OSResources,
	syscall.ENOBUFS:       OSResources,
	syscall.EINVAL:        FileInvalid,
	syscall.EBADF:         FileInvalid,
	syscall.EISDIR:        FileInvalid,
	syscall.ENOTDIR:       FileInvalid,
	syscall.ENAMETOOLONG:  FileInvalid,
	syscall.ELOOP:         FileInvalid,
	syscall.EXDEV:         FileInvalid,
}

// errnoCondition returns the condition of a system call error, or "".
func errnoCondition(errno syscall.Errno) string {
	if name, ok := errnos[errno]; ok {
		return name
	}
	return platformErrnos[errno]
}
