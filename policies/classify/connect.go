package classify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"syscall"
)

// address finds addresses that cannot be: the caller's mistake.
func address(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok && e.Op == "parse" {
		return NetAddress
	}
	if isType[*net.AddrError](err) || isType[*net.ParseError](err) ||
		isType[net.UnknownNetworkError](err) || isType[net.InvalidAddrError](err) {
		return NetAddress
	}
	return ""
}

func certificate(err error) string {
	if isType[*tls.CertificateVerificationError](err) || isType[x509.UnknownAuthorityError](err) ||
		isType[x509.HostnameError](err) || isType[x509.CertificateInvalidError](err) ||
		isType[x509.ConstraintViolationError](err) || isType[x509.InsecureAlgorithmError](err) ||
		isType[x509.UnhandledCriticalExtension](err) || isType[x509.SystemRootsError](err) {
		return TLSCertificate
	}
	return ""
}

func handshake(err error) string {
	if isType[tls.RecordHeaderError](err) || isType[tls.AlertError](err) ||
		isType[*tls.ECHRejectionError](err) || errors.Is(err, http.ErrSchemeMismatch) {
		return TLSHandshake
	}
	return ""
}

// alert is for what crypto/tls reports, sent and received, under these two names.
func alert(err error) string {
	if during(err, "remote error", "local error") {
		return TLSHandshake
	}
	return ""
}

func dnsFailure(err error) string {
	e, ok := errors.AsType[*net.DNSError](err)
	switch {
	case !ok:
		return ""
	case e.IsNotFound:
		return DNSNotFound
	case e.IsTemporary, e.IsTimeout:
		return DNSTemporary
	}
	return DNSFailed
}

// dialFailure also covers connecting to a proxy, before the request is sent
// to it. A unix socket that is missing is a server that has not started yet,
// not a missing file.
func dialFailure(err error) string {
	errno, _ := errors.AsType[syscall.Errno](err)
	name := errnoCondition(errno)
	if !during(err, "dial", "proxyconnect", "socks connect") {
		if name == NetRefused || name == NetUnreachable {
			return name
		}
		return ""
	}
	switch {
	case name == NetRefused, name == NetUnreachable, name == OSResources:
		return name
	case errno == syscall.EACCES, errno == syscall.EPERM:
		return NetPermission
	case timedOut(err):
		return NetTimeout
	}
	return NetDial
}

// during reports whether err happened in one of the named operations of
// package net, at any depth: a proxy's error holds that of the dialling.
func during(err error, operations ...string) bool {
	return walk(err, func(e error) bool {
		op, ok := e.(*net.OpError) //nolint:errorlint // walk does the unwrapping
		if !ok || op == nil {
			return false
		}
		for _, name := range operations {
			if op.Op == name {
				return true
			}
		}
		return false
	})
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
