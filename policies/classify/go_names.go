package classify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"syscall"
)

// goNames holds Go's own error types and variables by their names, without a
// leading asterisk: "net/url.Error", and as Go code writes it, "url.Error".
var goNames = shortened(map[string]func(error) bool{
	"net.Error":               isType[net.Error],
	"net.OpError":             isType[*net.OpError],
	"net.DNSError":            isType[*net.DNSError],
	"net.DNSConfigError":      isType[*net.DNSConfigError],
	"net.AddrError":           isType[*net.AddrError],
	"net.ParseError":          isType[*net.ParseError],
	"net.UnknownNetworkError": isType[net.UnknownNetworkError],
	"net.InvalidAddrError":    isType[net.InvalidAddrError],
	"net.ErrClosed":           is(net.ErrClosed),

	"net/url.Error":                  isType[*url.Error],
	"net/http.MaxBytesError":         isType[*http.MaxBytesError],
	"net/http.ErrHandlerTimeout":     is(http.ErrHandlerTimeout),
	"net/http.ErrServerClosed":       is(http.ErrServerClosed),
	"net/http.ErrBodyReadAfterClose": is(http.ErrBodyReadAfterClose),
	"net/http.ErrSchemeMismatch":     is(http.ErrSchemeMismatch),

	"crypto/tls.CertificateVerificationError": isType[*tls.CertificateVerificationError],
	"crypto/tls.RecordHeaderError":            isType[tls.RecordHeaderError],
	"crypto/tls.AlertError":                   isType[tls.AlertError],
	"crypto/tls.ECHRejectionError":            isType[*tls.ECHRejectionError],
	"crypto/x509.UnknownAuthorityError":       isType[x509.UnknownAuthorityError],
	"crypto/x509.HostnameError":               isType[x509.HostnameError],
	"crypto/x509.CertificateInvalidError":     isType[x509.CertificateInvalidError],
	"crypto/x509.SystemRootsError":            isType[x509.SystemRootsError],

	"io.EOF":              is(io.EOF),
	"io.ErrUnexpectedEOF": is(io.ErrUnexpectedEOF),
	"io.ErrClosedPipe":    is(io.ErrClosedPipe),
	"io.ErrNoProgress":    is(io.ErrNoProgress),
	"io.ErrShortWrite":    is(io.ErrShortWrite),

	"io/fs.PathError":        isType[*fs.PathError],
	"io/fs.ErrNotExist":      is(fs.ErrNotExist),
	"io/fs.ErrExist":         is(fs.ErrExist),
	"io/fs.ErrPermission":    is(fs.ErrPermission),
	"io/fs.ErrClosed":        is(fs.ErrClosed),
	"io/fs.ErrInvalid":       is(fs.ErrInvalid),
	"os.PathError":           isType[*os.PathError],
	"os.LinkError":           isType[*os.LinkError],
	"os.SyscallError":        isType[*os.SyscallError],
	"os.ErrNotExist":         is(os.ErrNotExist),
	"os.ErrExist":            is(os.ErrExist),
	"os.ErrPermission":       is(os.ErrPermission),
	"os.ErrClosed":           is(os.ErrClosed),
	"os.ErrInvalid":          is(os.ErrInvalid),
	"os.ErrDeadlineExceeded": is(os.ErrDeadlineExceeded),
	"os.ErrProcessDone":      is(os.ErrProcessDone),

	"context.Canceled":         is(context.Canceled),
	"context.DeadlineExceeded": is(context.DeadlineExceeded),

	"database/sql.ErrNoRows":           is(sql.ErrNoRows),
	"database/sql.ErrTxDone":           is(sql.ErrTxDone),
	"database/sql.ErrConnDone":         is(sql.ErrConnDone),
	"database/sql/driver.ErrBadConn":   is(driver.ErrBadConn),
	"encoding/json.SyntaxError":        isType[*json.SyntaxError],
	"encoding/json.UnmarshalTypeError": isType[*json.UnmarshalTypeError],

	"syscall.Errno":        isType[syscall.Errno],
	"syscall.ECONNREFUSED": is(syscall.ECONNREFUSED),
	"syscall.ECONNRESET":   is(syscall.ECONNRESET),
	"syscall.ECONNABORTED": is(syscall.ECONNABORTED),
	"syscall.EPIPE":        is(syscall.EPIPE),
	"syscall.ETIMEDOUT":    is(syscall.ETIMEDOUT),
	"syscall.EHOSTUNREACH": is(syscall.EHOSTUNREACH),
	"syscall.ENETUNREACH":  is(syscall.ENETUNREACH),
	"syscall.EAGAIN":       is(syscall.EAGAIN),
	"syscall.EINTR":        is(syscall.EINTR),
	"syscall.EBUSY":        is(syscall.EBUSY),
	"syscall.EIO":          is(syscall.EIO),
	"syscall.EMFILE":       is(syscall.EMFILE),
	"syscall.ENFILE":       is(syscall.ENFILE),
	"syscall.ENOMEM":       is(syscall.ENOMEM),
	"syscall.ENOSPC":       is(syscall.ENOSPC),

	"github.com/holdfast-go/holdfast/policies/classify.StatusError": isType[*StatusError],
})

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// shortened adds every name once more with only the last part of its import
// path.
func shortened(names map[string]func(error) bool) map[string]func(error) bool {
	all := make(map[string]func(error) bool, 2*len(names))
	for name, match := range names {
		all[name] = match
		all[path.Base(name)] = match
	}
	return all
}
