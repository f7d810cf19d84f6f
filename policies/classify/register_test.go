package classify

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

var errShard = errors.New("shard moved")

type shardError struct{ shard int }

func (e shardError) Error() string { return fmt.Sprintf("shard %d moved", e.shard) }

type shardPointerError struct{}

func (*shardPointerError) Error() string { return "shard moved" }

func isShard(err error) bool { return errors.Is(err, errShard) }

// forget takes names out of the registry as the test ends.
func forget(t *testing.T, names ...string) {
	t.Helper()
	t.Cleanup(func() {
		for _, name := range names {
			delete(registered, name)
		}
	})
}

// If this fails, users can't name errors of their own, by any of the three
// ways or in any of a policy's lists.
func TestNamesOfUsersOwn(t *testing.T) {
	forget(t, "shard.moved", "shard.error", "*shard.Error", "any.timeout")
	require.NoError(t, Register("shard.moved", isShard))
	require.NoError(t, RegisterError("shard.error", errShard))
	require.NoError(t, RegisterType[shardError]("*shard.Error"))
	require.NoError(t, RegisterType[interface {
		error
		Timeout() bool
	}]("any.timeout"))
	for _, tt := range []struct {
		name string
		yes  []error
		no   []error
	}{
		{"shard.moved", []error{errShard, fmt.Errorf("get: %w", errShard)}, []error{errPlan, shardError{7}}},
		{"shard.error", []error{errShard, fmt.Errorf("get: %w", errShard)}, []error{errPlan, errors.New("shard moved")}},
		{"*shard.Error", []error{shardError{7}, errors.Join(errPlan, shardError{8})}, []error{errShard, &shardPointerError{}, &shardError{}}},
		{"any.timeout", []error{&net.DNSError{}}, []error{errPlan}},
	} {
		for _, err := range tt.yes {
			assert.True(t, matches(t, tt.name, err), "%s: %v", tt.name, err)
		}
		for _, err := range tt.no {
			assert.False(t, matches(t, tt.name, err), "%s: %v", tt.name, err)
		}
	}
	all := list("shard.moved")
	assert.True(t, Classify(errShard, nil, noon, lists{custom: all}.rules(t)).Retryable)
	assert.True(t, Classify(errShard, nil, noon, lists{retry: all}.rules(t)).Retryable)
	assert.False(t, Classify(Retryable(errShard), nil, noon, lists{never: all}.rules(t)).Retryable)
	assert.Equal(t, policies.Ignored, Classify(errShard, nil, noon, lists{ignore: all}.rules(t)).Outcome)
	assert.Equal(t, "shard.moved", policies.Nearest("shard.move", knownNames()), "a misspelling finds them")
}

// If this fails, users could redefine names that exist, or register what no
// configuration could name or nothing could match.
func TestRefusedNames(t *testing.T) {
	forget(t, "shard.moved")
	require.NoError(t, Register("shard.moved", isShard))
	ways := map[string]func(string) error{
		"classify.Register: ":      func(name string) error { return Register(name, isShard) },
		"classify.RegisterError: ": func(name string) error { return RegisterError(name, io.EOF) },
		"classify.RegisterType: ":  RegisterType[shardError],
	}
	for name, says := range map[string]string{
		"":              "the name is empty: give the condition a name",
		"a,b":           `"a,b" has a comma, which separates names in environment variables: choose another name`,
		",":             `"," has a comma, which separates names in environment variables: choose another name`,
		" shard":        `" shard" begins or ends with a space: take it off`,
		"shard\n":       `"shard\n" begins or ends with a space: take it off`,
		"shard\u00a0":   `"shard\u00a0" begins or ends with a space: take it off`,
		" ":             `" " begins or ends with a space: take it off`,
		"sh\x00ard":     `"sh\x00ard" has characters that do not print: choose another name`,
		"sh\tard":       `"sh\tard" has characters that do not print: choose another name`,
		"sh\u200bard":   `"sh\u200bard" has characters that do not print: choose another name`,
		"sh\xffard":     `"sh\xffard" has characters that do not print: choose another name`,
		"shard.moved":   `"shard.moved" already names a condition: choose another name`,
		"net.timeout":   `"net.timeout" already names a condition: choose another name`,
		"http.503":      `"http.503" already names a condition: choose another name`,
		"grpc.ABORTED":  `"grpc.ABORTED" already names a condition: choose another name`,
		"sql.40001":     `"sql.40001" already names a condition: choose another name`,
		"*net.OpError":  `"*net.OpError" already names a condition: choose another name`,
		"OSError":       `"OSError" already names a condition: choose another name`,
		"httpx.Unheard": "",
		"shard moved":   "",
		"Größe.zu.groß": "",
	} {
		for prefix, way := range ways {
			if says == "" {
				assert.NoError(t, way(name), name)
				delete(registered, name)
				continue
			}
			assert.EqualError(t, way(name), prefix+says)
		}
	}
	assert.EqualError(t, Register("shard.lost", nil), `classify.Register: "shard.lost" has a nil match function`)
	assert.EqualError(t, RegisterError("shard.lost", nil), `classify.RegisterError: "shard.lost" has a nil sentinel error`)
	assert.Len(t, registered, 1, "what is refused is not registered")
	assert.True(t, matches(t, "shard.moved", errShard), "and changes nothing")
}
