package classify

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These errors come from calls that really fail. Broken, the shapes that the
// standard library wraps its errors in would no longer be the ones the tables
// look for.

func get(t *testing.T, client *http.Client, ctx context.Context, target string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	require.NoError(t, err)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	return err
}

func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func hijacked(t *testing.T, before func(net.Conn)) *httptest.Server {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if assert.NoError(t, err) {
			before(conn)
			_ = conn.Close()
		}
	})
}

func TestRealRefusal(t *testing.T) {
	err := get(t, &http.Client{}, t.Context(), "http://"+closedAddress(t))
	assert.Equal(t, essence{NetRefused, failedBefore}, essenceOf(verdictOf(err)))
}

func TestRealRefusalByAProxy(t *testing.T) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	proxy := "http://" + closedAddress(t)
	transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
	err := get(t, &http.Client{Transport: transport}, t.Context(), "http://service.invalid/")
	assert.Equal(t, essence{NetRefused, failedBefore}, essenceOf(verdictOf(err)))
}

func TestRealConnectionClosedWithoutAnAnswer(t *testing.T) {
	server := hijacked(t, func(net.Conn) {})
	err := get(t, server.Client(), t.Context(), server.URL)
	assert.Equal(t, essence{IOEOF, failedAfter}, essenceOf(verdictOf(err)))
}

func TestRealReset(t *testing.T) {
	server := hijacked(t, func(conn net.Conn) {
		tcp, ok := conn.(*net.TCPConn)
		if assert.True(t, ok) {
			assert.NoError(t, tcp.SetLinger(0))
		}
	})
	err := get(t, server.Client(), t.Context(), server.URL)
	assert.Equal(t, essence{NetReset, failedAfter}, essenceOf(verdictOf(err)))
}

func TestRealAnswerThatBreaksOff(t *testing.T) {
	server := hijacked(t, func(conn net.Conn) {
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		assert.NoError(t, err)
	})
	err := get(t, server.Client(), t.Context(), server.URL)
	assert.Equal(t, essence{IOUnexpectedEOF, failedAfter}, essenceOf(verdictOf(err)))
}

func TestRealDeadline(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	err := get(t, server.Client(), ctx, server.URL)
	assert.Equal(t, essence{AttemptDeadline, failedAfter}, essenceOf(verdictOf(err)))
	assert.Equal(t, CallerDeadline, Classify(err, ctx.Err(), noon, Rules{}).Condition)
}

func TestRealCancellation(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := get(t, server.Client(), ctx, server.URL)
	assert.Equal(t, Canceled, verdictOf(err).Condition)
	assert.Equal(t, CallerCanceled, Classify(err, ctx.Err(), noon, Rules{}).Condition)
}

func TestRealDialTimeout(t *testing.T) {
	_, err := (&net.Dialer{Deadline: time.Unix(0, 1)}).DialContext(t.Context(), "tcp", "127.0.0.1:9")
	assert.Equal(t, essence{NetTimeout, failedBefore}, essenceOf(verdictOf(err)))
}

func TestRealUntrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	err := get(t, &http.Client{Transport: &http.Transport{}}, t.Context(), server.URL)
	assert.Equal(t, essence{TLSCertificate, failed}, essenceOf(verdictOf(err)))
}

func TestRealPlainServerBehindHTTPS(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	err := get(t, &http.Client{Transport: &http.Transport{}}, t.Context(), "https"+server.URL[len("http"):])
	assert.Equal(t, essence{TLSHandshake, failed}, essenceOf(verdictOf(err)))
}

func TestRealAlert(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	server.StartTLS()
	defer server.Close()
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{MaxVersion: tls.VersionTLS12, InsecureSkipVerify: true})
	if err == nil {
		_ = conn.Close()
	}
	assert.Equal(t, essence{TLSHandshake, failed}, essenceOf(verdictOf(err)))
}

func TestRealFiles(t *testing.T) {
	dir := t.TempDir()
	_, err := os.Open(filepath.Join(dir, "missing"))
	assert.Equal(t, essence{FileNotExist, ignored}, essenceOf(verdictOf(err)))
	err = os.Mkdir(dir, 0o700)
	assert.Equal(t, essence{FileExist, ignored}, essenceOf(verdictOf(err)))
	file, err := os.Create(filepath.Join(dir, "file"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	_, err = file.Write(nil)
	assert.Equal(t, essence{FileClosed, ignored}, essenceOf(verdictOf(err)))
	_, err = os.ReadFile(dir)
	assert.Equal(t, essence{FileInvalid, ignored}, essenceOf(verdictOf(err)))
}

func TestRealUnixSocketThatIsMissing(t *testing.T) {
	_, err := net.Dial("unix", filepath.Join(t.TempDir(), "socket"))
	assert.Equal(t, essence{NetDial, failedBefore}, essenceOf(verdictOf(err)))
}

func TestRealBadAddresses(t *testing.T) {
	_, err := net.Dial("tcp", "127.0.0.1")
	assert.Equal(t, essence{NetAddress, ignored}, essenceOf(verdictOf(err)))
	_, err = http.NewRequest(http.MethodGet, "http://a b/", nil)
	assert.Equal(t, essence{NetAddress, ignored}, essenceOf(verdictOf(err)))
}
