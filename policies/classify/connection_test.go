package classify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
)

type flag struct{ timeout, temporary bool }

func (flag) Error() string     { return "flagged" }
func (f flag) Timeout() bool   { return f.timeout }
func (f flag) Temporary() bool { return f.temporary }

// Broken, failures of the network and the system would be taken for one
// another: certificates retried, resets not, missing files counted against a
// target.
func TestSystemErrors(t *testing.T) {
	dial := func(err error) error { return &url.Error{Op: "Post", Err: &net.OpError{Op: "dial", Err: err}} }
	errno := func(e syscall.Errno) error { return os.NewSyscallError("connect", e) }
	read := func(err error) error { return &net.OpError{Op: "read", Err: err} }
	for _, tt := range []struct {
		name string
		err  error
		want essence
	}{
		{"dial refused", dial(errno(syscall.ECONNREFUSED)), essence{NetRefused, failedBefore}},
		{"dial unreachable", dial(errno(syscall.EHOSTUNREACH)), essence{NetUnreachable, failedBefore}},
		{"dial timed out", dial(errno(syscall.ETIMEDOUT)), essence{NetTimeout, failedBefore}},
		{"dial reset", dial(errno(syscall.ECONNRESET)), essence{NetDial, failedBefore}},
		{"dial forbidden", dial(errno(syscall.EACCES)), essence{NetPermission, failed}},
		{"dial out of descriptors", dial(errno(syscall.EMFILE)), essence{OSResources, ignoredPassing}},
		{"dial a missing socket", dial(errno(syscall.ENOENT)), essence{NetDial, failedBefore}},
		{"dial a proxy", &net.OpError{Op: "proxyconnect", Err: dial(errno(syscall.ECONNREFUSED))}, essence{NetRefused, failedBefore}},
		{"a proxy's answer", &net.OpError{Op: "socks connect", Err: errPlan}, essence{NetDial, failedBefore}},
		{"bare refused", syscall.ECONNREFUSED, essence{NetRefused, failedBefore}},
		{"bare unreachable", syscall.ENETUNREACH, essence{NetUnreachable, failedBefore}},

		{"bad address", dial(&net.AddrError{Err: "missing port"}), essence{NetAddress, ignored}},
		{"bad network", dial(net.UnknownNetworkError("tpc")), essence{NetAddress, ignored}},
		{"bad url", &url.Error{Op: "parse", Err: errPlan}, essence{NetAddress, ignored}},
		{"no such host", dial(&net.DNSError{IsNotFound: true}), essence{DNSNotFound, failed}},
		{"resolver ill", dial(&net.DNSError{IsTemporary: true}), essence{DNSTemporary, failedBefore}},
		{"resolver slow", dial(&net.DNSError{IsTimeout: true}), essence{DNSTemporary, failedBefore}},
		{"resolver says no", dial(&net.DNSError{}), essence{DNSFailed, failed}},

		{"untrusted", &tls.CertificateVerificationError{Err: errPlan}, essence{TLSCertificate, failed}},
		{"unknown authority", fmt.Errorf("tls: %w", x509.UnknownAuthorityError{}), essence{TLSCertificate, failed}},
		{"not tls", tls.RecordHeaderError{Msg: "not tls"}, essence{TLSHandshake, failed}},
		{"plain http", &url.Error{Op: "Get", Err: http.ErrSchemeMismatch}, essence{TLSHandshake, failed}},
		{"remote alert", &net.OpError{Op: "remote error", Err: errPlan}, essence{TLSHandshake, failed}},

		{"reset", read(errno(syscall.ECONNRESET)), essence{NetReset, failedAfter}},
		{"aborted", read(errno(syscall.ECONNABORTED)), essence{NetAborted, failedAfter}},
		{"broken pipe", &net.OpError{Op: "write", Err: errno(syscall.EPIPE)}, essence{NetBrokenPipe, failedAfter}},
		{"closed pipe", io.ErrClosedPipe, essence{NetBrokenPipe, failedAfter}},
		{"closed connection", read(net.ErrClosed), essence{NetClosed, failedAfter}},
		{"timed out", read(errno(syscall.ETIMEDOUT)), essence{NetTimeout, failedAfter}},
		{"deadline of a connection", read(os.ErrDeadlineExceeded), essence{NetTimeout, failedAfter}},
		{"calls itself a timeout", fmt.Errorf("x: %w", flag{timeout: true}), essence{NetTimeout, failedAfter}},
		{"calls itself temporary", errors.Join(errPlan, flag{temporary: true}), essence{NetTemporary, failedAfter}},
		{"calls itself neither", flag{}, essence{Unknown, unknown}},
		{"answer broke off", fmt.Errorf("body: %w", io.ErrUnexpectedEOF), essence{IOUnexpectedEOF, failedAfter}},
		{"no answer", &url.Error{Op: "Get", Err: io.EOF}, essence{IOEOF, failedAfter}},

		{"missing file", &fs.PathError{Op: "open", Err: syscall.ENOENT}, essence{FileNotExist, ignored}},
		{"no permission", &fs.PathError{Op: "open", Err: syscall.EACCES}, essence{FilePermission, ignored}},
		{"file exists", syscall.EEXIST, essence{FileExist, ignored}},
		{"closed file", os.ErrClosed, essence{FileClosed, ignored}},
		{"invalid", os.ErrInvalid, essence{FileInvalid, ignored}},
		{"a directory", &fs.PathError{Op: "read", Err: syscall.EISDIR}, essence{FileInvalid, ignored}},
		{"a disk that fails", &fs.PathError{Op: "read", Err: syscall.EIO}, essence{OSIO, failedAfter}},
		{"interrupted", syscall.EINTR, essence{OSAgain, failedBefore}},
		{"try again", syscall.EAGAIN, essence{OSAgain, failedBefore}},
		{"out of memory", syscall.ENOMEM, essence{OSResources, ignoredPassing}},
		{"a full disk", syscall.ENOSPC, essence{OSError, unknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, essenceOf(verdictOf(tt.err)))
		})
	}
}
