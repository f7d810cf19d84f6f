package classify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"

	"github.com/cenkalti/backoff/v4"
)

// sentinel is the kind of a variable that some table looks for.
func sentinel(err error) kinds {
	switch err { //nolint:errorlint // walk does the unwrapping
	case driver.ErrBadConn:
		return badConns
	case sql.ErrNoRows:
		return noRows
	case context.Canceled:
		return cancellations
	case context.DeadlineExceeded:
		return deadlines
	case http.ErrSchemeMismatch:
		return noTLS
	case fs.ErrNotExist, fs.ErrPermission, fs.ErrExist, fs.ErrClosed, fs.ErrInvalid:
		return fileErrors
	case io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed:
		return brokenStreams
	case sql.ErrTxDone, sql.ErrConnDone:
		return finishedUses
	}
	return 0
}

// typed is the kinds of an error of a known type, with those of all methods it
// has; 0 for any other. An errno's Is method knows no sentinels but those of
// io/fs, that of a permanent mark only its own type.
func typed(err error) kinds {
	switch err.(type) { //nolint:errorlint // walk does the unwrapping
	case *url.Error:
		return urls | timeouts | temporaries
	case *net.OpError:
		return netOps | timeouts | temporaries
	case *net.DNSError:
		return lookups | timeouts | temporaries
	case *net.AddrError, *net.ParseError, net.UnknownNetworkError, net.InvalidAddrError:
		return addresses | timeouts | temporaries
	case syscall.Errno:
		return errnoKind | fileErrors | timeouts | temporaries
	case *fs.PathError, *os.SyscallError:
		return timeouts
	case *tls.CertificateVerificationError, x509.UnknownAuthorityError, x509.HostnameError, x509.CertificateInvalidError,
		x509.ConstraintViolationError, x509.InsecureAlgorithmError, x509.UnhandledCriticalExtension, x509.SystemRootsError,
		tls.RecordHeaderError, tls.AlertError, *tls.ECHRejectionError:
		return handshakes
	case *StatusError:
		return answers | statuses
	case *retryMark:
		return speakers | delays
	case *ignoreMark:
		return ignores
	case *noEffectMark:
		return noEffects
	case *wallMark:
		return wallers
	case *backoff.PermanentError:
		return permanents
	}
	return 0
}
