package classify

import "syscall"

// platformErrnos are the Windows Sockets errors. There, package syscall's
// E-constants are inventions that Windows never returns (Windows Sockets
// Error Codes, Microsoft Learn).
var platformErrnos = map[syscall.Errno]string{
	10024: OSResources,    // WSAEMFILE
	10049: NetDial,        // WSAEADDRNOTAVAIL
	10050: NetUnreachable, // WSAENETDOWN
	10051: NetUnreachable, // WSAENETUNREACH
	10052: NetReset,       // WSAENETRESET
	10053: NetAborted,     // WSAECONNABORTED
	10054: NetReset,       // WSAECONNRESET
	10055: OSResources,    // WSAENOBUFS
	10057: NetClosed,      // WSAENOTCONN
	10058: NetBrokenPipe,  // WSAESHUTDOWN
	10060: NetTimeout,     // WSAETIMEDOUT
	10061: NetRefused,     // WSAECONNREFUSED
	10064: NetUnreachable, // WSAEHOSTDOWN
	10065: NetUnreachable, // WSAEHOSTUNREACH
}
