package classify

import (
	"context"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If this fails, a Python user's list names what can't be, or two names of one
// exception mean different things.
func TestPythonNamesStandForWhatTheyAre(t *testing.T) {
	match := func(name string, err error) bool {
		c, err2 := ParseConditions([]string{name})
		require.NoError(t, err2, name)
		return c.Match(err, Classify(err, nil, time.Time{}, Rules{}))
	}
	for _, tc := range []struct {
		err           error
		names, others []string
	}{
		{io.ErrUnexpectedEOF,
			[]string{"redis.ConnectionError", "httpcore.ReadError", "httpcore.RemoteProtocolError", "openai.APIConnectionError", "psycopg.OperationalError", "botocore.exceptions.ConnectionClosedError", "pymongo.errors.AutoReconnect"},
			[]string{"redis.TimeoutError", "httpcore.ConnectError", "httpcore.WriteError", "openai.RateLimitError"}},
		{context.DeadlineExceeded,
			[]string{"redis.TimeoutError", "httpcore.TimeoutException", "httpcore.PoolTimeout", "anthropic.APITimeoutError", "openai.APIConnectionError"},
			[]string{"redis.ConnectionError", "httpcore.NetworkError", "anthropic.RateLimitError"}},
		{&StatusError{StatusCode: 429}, []string{"openai.RateLimitError", "anthropic.RateLimitError"}, []string{"openai.InternalServerError", "openai.APIConnectionError"}},
		{&StatusError{StatusCode: 503}, []string{"openai.InternalServerError", "anthropic.InternalServerError"}, []string{"openai.RateLimitError"}},
	} {
		for _, name := range tc.names {
			assert.True(t, match(name, tc.err), "%s %v", name, tc.err)
		}
		for _, name := range tc.others {
			assert.False(t, match(name, tc.err), "%s %v", name, tc.err)
		}
	}
}

// If this fails, a list that means every error is taken, or nobody can tell why
// it isn't.
func TestPythonNamesThatNameNothingSaySo(t *testing.T) {
	names := slices.Sorted(maps.Keys(pythonRefused))
	_, err := ParseConditions(append(names, "builtins.ValueError"))
	var unknown *UnknownNamesError
	require.ErrorAs(t, err, &unknown)
	require.Len(t, unknown.Names, len(names)+1)
	for _, u := range unknown.Names {
		assert.NotEmpty(t, u.Reason, u.Name)
		assert.Empty(t, u.Nearest, u.Name)
	}
	const instead = "; name what may pass, such as ConnectionError, TimeoutError or http.503"
	for name, want := range map[string]string{
		"ValueError":          `"ValueError" can't be an error condition: it is a mistake in the program, which no other attempt mends` + instead,
		"builtins.ValueError": `"builtins.ValueError" can't be an error condition: it is a mistake in the program, which no other attempt mends` + instead,
		"Exception":           `"Exception" can't be an error condition: it stands for errors of every kind, also those that no other attempt mends` + instead,
		"PermissionError":     `"PermissionError" can't be an error condition: it is about a file; name file.not_exist, file.exist or file.permission if that is meant` + instead,
	} {
		assert.Equal(t, want, unknownName(0, name).String())
	}
}
