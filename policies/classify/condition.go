package classify

import "github.com/holdfast-go/holdfast/policies"

// The conditions that are not a status or a code. HTTP adds "http.503" and
// its like, gRPC "grpc.Unavailable" and its like, SQL "sql.40001" and its like.
const (
	Unknown         = "unknown"           // nothing recognised the error
	Explicit        = "explicit"          // the error spoke for itself
	Permanent       = "permanent"         // marked with backoff.Permanent
	CallerCanceled  = "caller.canceled"   // the caller gave up
	CallerDeadline  = "caller.deadline"   // the caller's deadline passed
	Canceled        = "canceled"          // cancelled inside, not by the caller
	AttemptDeadline = "attempt.deadline"  // the attempt's own deadline passed
	NetAddress      = "net.address"       // an address or URL that cannot be
	NetRefused      = "net.refused"       // nobody listens there
	NetUnreachable  = "net.unreachable"   // no route to host or network
	NetPermission   = "net.permission"    // connecting is forbidden locally
	NetDial         = "net.dial"          // connecting failed some other way
	NetReset        = "net.reset"         // the peer reset the connection
	NetAborted      = "net.aborted"       // the connection was aborted
	NetBrokenPipe   = "net.broken_pipe"   // written to a closed connection
	NetClosed       = "net.closed"        // used after it was closed here
	NetTimeout      = "net.timeout"       // a network operation timed out
	NetTemporary    = "net.temporary"     // the error calls itself temporary
	DNSNotFound     = "dns.not_found"     // no such host (NXDOMAIN)
	DNSTemporary    = "dns.temporary"     // the resolver failed or timed out
	DNSFailed       = "dns.failed"        // the resolver failed for good
	TLSCertificate  = "tls.certificate"   // the certificate is not trusted
	TLSHandshake    = "tls.handshake"     // no TLS, or no common ground
	FileNotExist    = "file.not_exist"    // fs.ErrNotExist
	FileExist       = "file.exist"        // fs.ErrExist
	FilePermission  = "file.permission"   // fs.ErrPermission
	FileClosed      = "file.closed"       // fs.ErrClosed
	FileInvalid     = "file.invalid"      // fs.ErrInvalid, EINVAL, EISDIR and kin
	IOUnexpectedEOF = "io.unexpected_eof" // the answer broke off
	IOEOF           = "io.eof"            // the peer closed without an answer
	OSIO            = "os.io"             // EIO, ESTALE: the device failed
	OSAgain         = "os.again"          // EAGAIN, EINTR, EBUSY, locks
	OSResources     = "os.resources"      // out of descriptors, memory, buffers
	OSError         = "os.error"          // any other system call error
	SQLBadConn      = "sql.bad_conn"      // driver.ErrBadConn
	SQLNotSent      = "sql.not_sent"      // the driver says nothing was sent
	SQLNoRows       = "sql.no_rows"       // sql.ErrNoRows
	SQLDone         = "sql.done"          // a finished transaction or connection
	HTTPQuota       = "http.429.quota"    // the account's quota is used up
	ExternalWall    = "external.wall"     // marked with Wall, or of its kind
)

// meaning is the part of a Verdict that follows from a condition alone.
type meaning struct {
	outcome   policies.Outcome
	retryable bool
	ambiguous bool
}

var (
	// The target failed, and trying again does not help.
	failed = meaning{outcome: policies.Failure}
	// The target failed before the request could take effect.
	failedBefore = meaning{outcome: policies.Failure, retryable: true}
	// The target failed and the request may have taken effect.
	failedAfter = meaning{outcome: policies.Failure, retryable: true, ambiguous: true}
	// The error says nothing about the target's health.
	ignored = meaning{outcome: policies.Ignored}
	// It says nothing about the target's health and may pass.
	ignoredPassing = meaning{outcome: policies.Ignored, retryable: true}
	// The target is well and asks for fewer calls.
	throttled = meaning{outcome: policies.Throttled, retryable: true}
	// Nobody knows what happened.
	unknown = meaning{outcome: policies.Failure, ambiguous: true}
)

// meanings gives every named condition its meaning.
//
// A cancellation that is not the caller's ([Canceled]) comes from inside the
// operation: a sibling in an errgroup failed, or the function gave up. It was
// somebody's decision, so it neither counts against the target nor is it
// worth a repetition.
//
// driver.ErrBadConn ([SQLBadConn]) is by its contract for statements that the
// server cannot have performed, but lib/pq has it for every connection that
// breaks, also after a COMMIT was sent. A driver's word that nothing was sent
// ([SQLNotSent]) is no proof either: it is about one statement of the operation,
// and pgx 5.12 gives it of a COMMIT, or another statement without arguments,
// whose answer was lost. What is known to have had no effect is marked
// [NoEffect].
var meanings = map[string]meaning{
	Unknown:         unknown,
	Explicit:        failedAfter,
	CallerCanceled:  {outcome: policies.Ignored, ambiguous: true},
	CallerDeadline:  {outcome: policies.Failure, ambiguous: true},
	Canceled:        {outcome: policies.Ignored, ambiguous: true},
	AttemptDeadline: failedAfter,
	NetAddress:      ignored,
	NetRefused:      failedBefore,
	NetUnreachable:  failedBefore,
	NetPermission:   failed,
	NetDial:         failedBefore,
	NetReset:        failedAfter,
	NetAborted:      failedAfter,
	NetBrokenPipe:   failedAfter,
	NetClosed:       failedAfter,
	NetTimeout:      failedAfter,
	NetTemporary:    failedAfter,
	DNSNotFound:     failed,
	DNSTemporary:    failedBefore,
	DNSFailed:       failed,
	TLSCertificate:  failed,
	TLSHandshake:    failed,
	FileNotExist:    ignored,
	FileExist:       ignored,
	FilePermission:  ignored,
	FileClosed:      ignored,
	FileInvalid:     ignored,
	IOUnexpectedEOF: failedAfter,
	IOEOF:           failedAfter,
	OSIO:            failedAfter,
	OSAgain:         failedBefore,
	OSResources:     ignoredPassing,
	OSError:         unknown,
	SQLBadConn:      failedAfter,
	SQLNotSent:      failedAfter,
	SQLNoRows:       ignored,
	SQLDone:         ignored,
	HTTPQuota:       {outcome: policies.Throttled},
	ExternalWall:    {outcome: policies.Walled},
}
