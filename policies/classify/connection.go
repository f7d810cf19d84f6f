package classify

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"syscall"
)

// files is the table for the file system's portable errors. A missing file or
// permission is the caller's affair: it says nothing about a target.
func files(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return FileNotExist
	case errors.Is(err, fs.ErrPermission):
		return FilePermission
	case errors.Is(err, fs.ErrExist):
		return FileExist
	case errors.Is(err, fs.ErrClosed):
		return FileClosed
	case errors.Is(err, fs.ErrInvalid):
		return FileInvalid
	}
	return ""
}

// broken is the table for connections and devices that fail under a request,
// and for time that runs out.
func broken(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		if name := errnoCondition(errno); name != "" {
			return name
		}
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return IOUnexpectedEOF
	case errors.Is(err, io.ErrClosedPipe):
		return NetBrokenPipe
	case errors.Is(err, net.ErrClosed):
		return NetClosed
	case errors.Is(err, context.DeadlineExceeded):
		return AttemptDeadline
	case timedOut(err):
		return NetTimeout
	case temporary(err):
		return NetTemporary
	}
	// A bare io.EOF is the proper end of a stream; under a request it is a
	// connection that closed before it answered.
	if e, ok := errors.AsType[*url.Error](err); ok && errors.Is(e.Err, io.EOF) {
		return IOEOF
	}
	if isType[syscall.Errno](err) {
		return OSError
	}
	return ""
}

func timedOut(err error) bool {
	return walk(err, func(e error) bool {
		t, ok := e.(timeouter)
		return ok && t.Timeout()
	})
}

func temporary(err error) bool {
	return walk(err, func(e error) bool {
		t, ok := e.(temporal)
		return ok && t.Temporary()
	})
}
