package classify

import "strings"

// The families of Python's exceptions, as conditions here. OSError is there
// the parent of nearly everything; here it stands for what may pass, and
// never for missing files, permissions, certificates or names that do not
// exist. RequestException and its kin do not stand for HTTP 4xx either.
var (
	pythonConnection = []string{
		NetRefused, NetUnreachable, NetDial, NetReset, NetAborted, NetBrokenPipe, NetClosed,
		IOUnexpectedEOF, IOEOF, DNSTemporary, SQLBadConn, SQLNotSent,
	}
	pythonTimeout   = []string{NetTimeout, AttemptDeadline, grpcDeadline}
	pythonTransport = join(pythonConnection, pythonTimeout, []string{NetTemporary})
	pythonOS        = join(pythonTransport, []string{OSIO, OSAgain, OSResources})
	pythonStatus    = []string{
		"http.408", "http.409", "http.429", "http.500", "http.502", "http.503", "http.504", "http.529",
	}
	pythonDatabase = join(pythonTransport, []string{
		"sql.08000", "sql.08001", "sql.08003", "sql.08006", "sql.57P01", "sql.57P02", "sql.57P03",
	})
	pythonBlocking = []string{OSAgain}
	pythonConnect  = []string{NetRefused, NetUnreachable, NetDial, DNSTemporary}
	pythonRead     = []string{NetReset, NetAborted, NetClosed, IOUnexpectedEOF, IOEOF}
	pythonWrite    = []string{NetReset, NetAborted, NetClosed, NetBrokenPipe}
	pythonHangup   = []string{IOEOF, IOUnexpectedEOF, NetReset}
	pythonServer   = []string{"http.500", "http.502", "http.503", "http.504", "http.529"}
)

// pythonBuiltins may be written with "builtins." before them.
var pythonBuiltins = map[string][]string{
	"ConnectionError":        pythonConnection,
	"ConnectionRefusedError": {NetRefused},
	"ConnectionResetError":   {NetReset},
	"ConnectionAbortedError": {NetAborted},
	"BrokenPipeError":        {NetBrokenPipe},
	"BlockingIOError":        pythonBlocking,
	"InterruptedError":       pythonBlocking,
	"TimeoutError":           pythonTimeout,
	"OSError":                pythonOS,
	"IOError":                pythonOS,
	"EnvironmentError":       pythonOS,
	"EOFError":               {IOUnexpectedEOF, IOEOF},
}

var pythonNames = map[string][]string{
	"asyncio.TimeoutError":            pythonTimeout,
	"asyncio.exceptions.TimeoutError": pythonTimeout,
	"asyncio.IncompleteReadError":     {IOUnexpectedEOF},
	"concurrent.futures.TimeoutError": pythonTimeout,
	"socket.timeout":                  pythonTimeout,
	"socket.error":                    pythonOS,
	"socket.gaierror":                 {DNSTemporary},

	"requests.RequestException":                   pythonTransport,
	"requests.exceptions.RequestException":        pythonTransport,
	"requests.ConnectionError":                    pythonConnection,
	"requests.exceptions.ConnectionError":         pythonConnection,
	"requests.Timeout":                            pythonTimeout,
	"requests.exceptions.Timeout":                 pythonTimeout,
	"requests.ConnectTimeout":                     pythonTimeout,
	"requests.exceptions.ConnectTimeout":          pythonTimeout,
	"requests.ReadTimeout":                        pythonTimeout,
	"requests.exceptions.ReadTimeout":             pythonTimeout,
	"requests.HTTPError":                          pythonStatus,
	"requests.exceptions.HTTPError":               pythonStatus,
	"requests.exceptions.ChunkedEncodingError":    {IOUnexpectedEOF, NetReset},
	"requests.exceptions.ProxyError":              pythonConnection,
	"urllib.error.URLError":                       pythonTransport,
	"urllib3.exceptions.ConnectTimeoutError":      pythonTimeout,
	"urllib3.exceptions.ReadTimeoutError":         pythonTimeout,
	"urllib3.exceptions.TimeoutError":             pythonTimeout,
	"urllib3.exceptions.NewConnectionError":       pythonConnection,
	"urllib3.exceptions.ProtocolError":            pythonConnection,
	"http.client.RemoteDisconnected":              pythonHangup,
	"http.client.IncompleteRead":                  {IOUnexpectedEOF},
	"http.client.HTTPException":                   pythonConnection,
	"httpx.HTTPError":                             join(pythonTransport, pythonStatus),
	"httpx.HTTPStatusError":                       pythonStatus,
	"httpx.RequestError":                          pythonTransport,
	"httpx.TransportError":                        pythonTransport,
	"httpx.NetworkError":                          pythonConnection,
	"httpx.ConnectError":                          pythonConnect,
	"httpx.ReadError":                             pythonRead,
	"httpx.WriteError":                            pythonWrite,
	"httpx.CloseError":                            {NetClosed},
	"httpx.ProxyError":                            pythonConnection,
	"httpx.RemoteProtocolError":                   pythonHangup,
	"httpx.TimeoutException":                      pythonTimeout,
	"httpx.ConnectTimeout":                        pythonTimeout,
	"httpx.ReadTimeout":                           pythonTimeout,
	"httpx.WriteTimeout":                          pythonTimeout,
	"httpx.PoolTimeout":                           pythonTimeout,
	"aiohttp.ClientError":                         pythonTransport,
	"aiohttp.ClientConnectionError":               pythonConnection,
	"aiohttp.ClientConnectorError":                pythonConnect,
	"aiohttp.ClientOSError":                       pythonOS,
	"aiohttp.ClientPayloadError":                  {IOUnexpectedEOF},
	"aiohttp.ClientResponseError":                 pythonStatus,
	"aiohttp.ServerConnectionError":               pythonConnection,
	"aiohttp.ServerDisconnectedError":             pythonHangup,
	"aiohttp.ServerTimeoutError":                  pythonTimeout,
	"aiohttp.ConnectionTimeoutError":              pythonTimeout,
	"aiohttp.SocketTimeoutError":                  pythonTimeout,
	"aiohttp.client_exceptions.ClientError":       pythonTransport,
	"redis.ConnectionError":                       pythonConnection,
	"redis.TimeoutError":                          pythonTimeout,
	"redis.exceptions.ConnectionError":            pythonConnection,
	"redis.exceptions.TimeoutError":               pythonTimeout,
	"httpcore.ConnectError":                       pythonConnect,
	"httpcore.ConnectTimeout":                     pythonTimeout,
	"httpcore.NetworkError":                       pythonConnection,
	"httpcore.PoolTimeout":                        pythonTimeout,
	"httpcore.ProxyError":                         pythonConnection,
	"httpcore.ReadError":                          pythonRead,
	"httpcore.ReadTimeout":                        pythonTimeout,
	"httpcore.RemoteProtocolError":                pythonHangup,
	"httpcore.TimeoutException":                   pythonTimeout,
	"httpcore.WriteError":                         pythonWrite,
	"httpcore.WriteTimeout":                       pythonTimeout,
	"openai.APIConnectionError":                   pythonTransport,
	"openai.APITimeoutError":                      pythonTimeout,
	"openai.InternalServerError":                  pythonServer,
	"openai.RateLimitError":                       {"http.429"},
	"anthropic.APIConnectionError":                pythonTransport,
	"anthropic.APITimeoutError":                   pythonTimeout,
	"anthropic.InternalServerError":               pythonServer,
	"anthropic.RateLimitError":                    {"http.429"},
	"botocore.exceptions.ConnectTimeoutError":     pythonTimeout,
	"botocore.exceptions.ConnectionClosedError":   pythonHangup,
	"botocore.exceptions.EndpointConnectionError": pythonConnect,
	"botocore.exceptions.ReadTimeoutError":        pythonTimeout,
	"pymongo.errors.AutoReconnect":                pythonConnection,
	"pymongo.errors.ConnectionFailure":            pythonConnection,
	"pymongo.errors.NetworkTimeout":               pythonTimeout,
	"psycopg.OperationalError":                    pythonDatabase,
	"psycopg2.OperationalError":                   pythonDatabase,
}

// pythonRefused are exceptions of Python that name no condition, and why. They
// may be written with "builtins." before them.
var pythonRefused = map[string]string{
	"BaseException": everything, "Exception": everything, "RuntimeError": everything, "SystemError": everything,
	"ArithmeticError": programs, "AssertionError": programs, "AttributeError": programs, "ImportError": programs, "IndexError": programs,
	"KeyError": programs, "LookupError": programs, "NameError": programs, "NotImplementedError": programs, "TypeError": programs,
	"UnicodeError": programs, "ValueError": programs, "ZeroDivisionError": programs,
	"FileExistsError": ofFile, "FileNotFoundError": ofFile, "IsADirectoryError": ofFile, "NotADirectoryError": ofFile, "PermissionError": ofFile,
	"KeyboardInterrupt": "is somebody's decision", "SystemExit": "is somebody's decision", "GeneratorExit": "is somebody's decision",
	"MemoryError": "is not raised here: out of memory, a Go program ends",
}

const (
	everything = "stands for errors of every kind, also those that no other attempt mends"
	programs   = "is a mistake in the program, which no other attempt mends"
	ofFile     = "is about a file; name file.not_exist, file.exist or file.permission if that is meant"
)

func pythonMatcher(name string) (Matcher, bool) {
	if conditions, ok := pythonBuiltins[strings.TrimPrefix(name, "builtins.")]; ok {
		return inConditions(conditions...), true
	}
	conditions, ok := pythonNames[name]
	return inConditions(conditions...), ok
}

func join(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
