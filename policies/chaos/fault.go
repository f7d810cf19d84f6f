package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// Error makes the error of a fault: the one that the real thing has, so that
// package classify finds the condition of that name, and whoever unwraps it
// finds what is there in earnest.
func Error(f policies.Fault) error {
	switch f {
	case policies.FaultRefused:
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case policies.FaultReset:
		return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	case policies.FaultTimeout:
		return &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
	case policies.FaultDNS:
		return &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	case policies.FaultEOF:
		return io.ErrUnexpectedEOF
	case policies.FaultDeadline:
		return context.DeadlineExceeded
	case policies.FaultTooMany:
		return &classify.StatusError{StatusCode: http.StatusTooManyRequests}
	case policies.FaultInternal:
		return &classify.StatusError{StatusCode: http.StatusInternalServerError}
	case policies.FaultUnavailable:
		return &classify.StatusError{StatusCode: http.StatusServiceUnavailable}
	case policies.FaultWall:
		return classify.Wall(errors.New("the quota is used up"), time.Time{})
	}
	return fmt.Errorf("the fault %q, which package policies does not list", f)
}
