package classify

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// matches asks one condition about an error, after a first classification.
func matches(t *testing.T, name string, err error) bool {
	t.Helper()
	return conditions(t, name).Match(err, verdictOf(err))
}

// Broken, a name in a configuration file would mean something else, or
// nothing.
func TestConditionNames(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	opError := &net.OpError{Op: "read", Err: errPlan}
	missing := &fs.PathError{Op: "open", Err: syscall.ENOENT}
	status := func(code int) error { return &StatusError{StatusCode: code} }
	for _, tt := range []struct {
		name string
		yes  []error
		no   []error
	}{
		{"net.refused", []error{refused}, []error{opError, errPlan}},
		{"unknown", []error{errPlan}, []error{refused}},
		{"http.503", []error{status(503)}, []error{status(500), errPlan}},
		{"http.429", []error{status(429)}, []error{status(503)}},
		{"http.200", []error{withStatusCode(200)}, []error{status(500)}},
		{"http.5xx", []error{status(500), status(599)}, []error{status(429), errPlan}},
		{"http.4xx", []error{status(400), status(429)}, []error{status(500)}},
		{"grpc.Unavailable", []error{grpcError(14)}, []error{grpcError(13), errPlan}},
		{"grpc.DEADLINE_EXCEEDED", []error{grpcError(4)}, []error{grpcError(1)}},
		{"grpc.CANCELLED", []error{grpcError(1)}, []error{grpcError(4)}},
		{"grpc.Aborted", []error{grpcError(10)}, []error{grpcError(1)}},
		{"sql.55P03", []error{pgError("55P03")}, []error{pgError("40001"), errPlan}},
		{"*net.OpError", []error{refused, fmt.Errorf("x: %w", opError)}, []error{errPlan}},
		{"net.OpError", []error{refused}, []error{errPlan}},
		{"net/url.Error", []error{&url.Error{Op: "Get", Err: errPlan}}, []error{refused}},
		{"*url.Error", []error{&url.Error{Op: "Get", Err: errPlan}}, []error{refused}},
		{"net.Error", []error{refused}, []error{errPlan}},
		{"io/fs.ErrNotExist", []error{missing}, []error{errPlan}},
		{"context.DeadlineExceeded", []error{context.DeadlineExceeded}, []error{context.Canceled}},
		{"syscall.ENOSPC", []error{syscall.ENOSPC}, []error{syscall.EIO}},
		{"*classify.StatusError", []error{status(404)}, []error{errPlan}},

		{"ConnectionError", []error{refused, syscall.ECONNRESET, syscall.EPIPE}, []error{context.DeadlineExceeded, status(404), missing}},
		{"builtins.ConnectionError", []error{refused}, []error{missing}},
		{"ConnectionResetError", []error{syscall.ECONNRESET}, []error{refused}},
		{"BrokenPipeError", []error{syscall.EPIPE}, []error{refused}},
		{"TimeoutError", []error{context.DeadlineExceeded, syscall.ETIMEDOUT}, []error{refused}},
		{"asyncio.TimeoutError", []error{context.DeadlineExceeded}, []error{refused}},
		{"OSError", []error{refused, syscall.EIO, syscall.ETIMEDOUT}, []error{missing, fs.ErrPermission, &net.DNSError{IsNotFound: true}}},
		{"requests.Timeout", []error{context.DeadlineExceeded}, []error{refused}},
		{"requests.ConnectionError", []error{refused}, []error{context.DeadlineExceeded}},
		{"requests.RequestException", []error{refused, context.DeadlineExceeded}, []error{status(404), missing}},
		{"requests.HTTPError", []error{status(503)}, []error{status(404), refused}},
		{"httpx.ReadTimeout", []error{context.DeadlineExceeded}, []error{refused}},
		{"httpx.ConnectError", []error{refused}, []error{syscall.ECONNRESET}},
		{"aiohttp.ClientError", []error{refused}, []error{missing}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, err := range tt.yes {
				assert.True(t, matches(t, tt.name, err), "%v", err)
			}
			for _, err := range tt.no {
				assert.False(t, matches(t, tt.name, err), "%v", err)
			}
		})
	}
}

// Broken, old settings files would name conditions this release has lost.
func TestEveryKnownNameIsFound(t *testing.T) {
	for _, name := range knownNames() {
		_, ok := Lookup(name)
		assert.True(t, ok, name)
	}
}

// Broken, a typing error would be silently ignored.
func TestUnknownNames(t *testing.T) {
	for _, name := range []string{
		"", "http", "http.", "http.5", "http.600", "http.099", "http.5x", "http.abc", "http.5a1", "http.5xxx",
		"grpc.", "grpc.OK", "grpc.Nothing", "sql.", "sql.123", "net", "**net.OpError", "*",
		"builtins.requests.Timeout", "ValueError", "os.system('x')", " net.timeout",
	} {
		_, ok := Lookup(name)
		assert.False(t, ok, "%q", name)
	}

	_, err := ParseConditions([]string{"net.timeout", "net.timeuot", "conectionerror", "http.503", "Zebra"})
	var unknown *UnknownNamesError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, []UnknownName{
		{Index: 1, Name: "net.timeuot", Nearest: "net.timeout"},
		{Index: 2, Name: "conectionerror", Nearest: "ConnectionError"},
		{Index: 4, Name: "Zebra"},
	}, unknown.Names)
	assert.EqualError(t, err, `[1]: unknown error condition "net.timeuot", did you mean "net.timeout"?
[2]: unknown error condition "conectionerror", did you mean "ConnectionError"?
[4]: unknown error condition "Zebra": name a condition (net.timeout, http.503, grpc.Unavailable), `+
		`a Go type (*net.OpError), a Python exception (requests.Timeout), or register it with classify.Register`)
}

// Broken, a set of conditions could change after it was validated.
func TestConditionsAreImmutable(t *testing.T) {
	names := []string{"http.404", "net.timeout", "http.404"}
	c, err := ParseConditions(names)
	require.NoError(t, err)
	names[0] = "http.500"
	c.Names()[0] = "http.500"
	assert.Equal(t, []string{"http.404", "net.timeout"}, c.Names())

	var none Conditions
	assert.Empty(t, none.Names())
	assert.False(t, none.Match(errPlan, verdictOf(errPlan)))
	c, err = ParseConditions(nil)
	require.NoError(t, err)
	assert.Equal(t, none, c)
}
