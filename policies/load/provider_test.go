package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knadh/koanf/parsers/json"
	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// text is a provider of bytes.
type text string

func (p text) ReadBytes() ([]byte, error)    { return []byte(p), nil }
func (p text) Read() (map[string]any, error) { return nil, errors.New("it has only bytes") }

// asked is a provider that does what it is told.
type asked func() (map[string]any, error)

func (p asked) Read() (map[string]any, error) { return p() }
func (p asked) ReadBytes() ([]byte, error)    { _, err := p(); return nil, err }

// foreign is a parser that is none of koanf's own, and that quotes the text.
type foreign struct{ koanf.Parser }

func (foreign) Unmarshal(data []byte) (map[string]any, error) {
	if string(data) == "panic" {
		panic("at " + string(data))
	}
	key, value, ok := strings.Cut(string(data), " ")
	if !ok {
		return nil, fmt.Errorf("unexpected %q", data)
	}
	return map[string]any{"pool": map[string]any{key: value}}, nil
}

// lines returns each error on its line.
func lines(t *testing.T, err error) []string {
	t.Helper()
	var all policies.Errors
	require.ErrorAs(t, err, &all)
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = e.Error()
	}
	return out
}

// If this fails, what comes from Consul is read with less care than a file, or
// an error quotes a secret that stands there.
func TestProvidersBytesAreReadAsFilesAre(t *testing.T) {
	for _, tc := range []struct {
		data   string
		parser koanf.Parser
		want   string
	}{
		{`{"pool": {"workers": 1, "workers": 2}}`, json.Parser(), `kv:1:25: pool.workers: the key appears twice, first on line 1; keep one`},
		{`{"key": "s3cr3t", }`, json.Parser(), `kv:1:19: is not valid JSON: invalid character '}' looking for beginning of object key string`},
		{"key: *s3cr3t", yaml.Parser(), `kv:1:6: is not valid YAML: an alias names an anchor that isn't there before it; a value that begins with * needs quotes`},
		{"key: !!int s3cr3t", yaml.Parser(), `kv:1:6: key: the value can't be what its tag says, !!int`},
		{"{}\n---\n{}", yaml.Parser(), `kv:2:1: a second YAML document begins; keep one document in a file`},
		{"pool: {workers: 010}", yaml.Parser(), `kv:1:17: pool.workers = "010": a number must not begin with 0, which YAML reads as octal`},
		{"[pool]\nworkers = 0", toml.Parser(), `kv:2:1: pool.workers = 0: must be from 1 to 1000000`},
		{" \n", yaml.Parser(), `kv: is empty; if no settings are meant, write a comment`},
		{"\xff\xfe{\x00}\x00", json.Parser(), `kv: is UTF-16 or UTF-32; save the file as UTF-8`},
		{strings.Repeat(" ", maxFileSize+1), json.Parser(), `kv: is larger than 1048576 bytes; is it the right file?`},

		{"", foreign{}, `kv: is empty`},
		{"s3cr3t", foreign{}, `kv: the parser load.foreign refuses it; what it says is not shown, for it may quote the text`},
		{"panic", foreign{}, `kv: reading it panicked with a value of the type string`},
		{"workers much", foreign{}, `kv: pool.workers = "much": must be a whole number, without quotes`},
		{"workers 3", nil, `kv: can't be read: it has only bytes`},
	} {
		t.Run(fmt.Sprintf("%T %.40s", tc.parser, tc.data), func(t *testing.T) {
			_, err := Load(Provider("kv", text(tc.data), tc.parser))
			assert.Equal(t, []string{tc.want}, lines(t, err))
			assert.NotContains(t, fmt.Sprintf("%+v", errors.Unwrap(err)), "s3cr3t")
			for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
				assert.NotContains(t, cause.Error(), "s3cr3t")
			}
		})
	}
	set, err := Load(Provider("kv", text("pool: {workers: 7}"), yaml.Parser()))
	require.NoError(t, err)
	fields, err := set.Explain("api")
	require.NoError(t, err)
	assert.Contains(t, fields, policies.Field{Path: "pool.workers", Value: "7", Origin: policies.Origin{Source: "kv", Line: 1, Column: 8, Path: "pool.workers"}})
}

// If this fails, a provider's values are converted by guess, or shown although
// they are no values.
func TestProvidersValues(t *testing.T) {
	type word string
	type count uint8
	set, err := Load(Provider("code", values{
		"retry_policy": map[word]any{"max_attempts": count(7), "min_wait": 3 * time.Second, "jitter": word("none"), "retry_on": []string{"http.404"}},
		"pool":         map[string]int{"workers": 9},
		"targets":      map[any]any{1: map[string]any{"type": word("storage")}},
	}, nil))
	require.NoError(t, err)
	p, err := set.Target("1")
	require.NoError(t, err)
	assert.Equal(t, policies.Storage, p.Type)
	assert.Equal(t, 7, p.Retry.MaxAttempts)
	assert.Equal(t, 3*time.Second, p.Retry.MinWait)
	assert.Equal(t, policies.JitterNone, p.Retry.Jitter)
	assert.Equal(t, []string{"http.404"}, p.Retry.RetryOn)
	assert.Equal(t, 9, p.Pool.Workers)

	n := 3
	_, err = Load(Provider("code", values{
		"pool":    map[string]any{"workers": make(chan int), "max_pending": &n},
		"restart": struct{ Secret string }{"s3cr3t"},
		"targets": map[any]any{"1": nil, 1: nil},
		"retry_policy": map[string]any{
			"retry_on": []any{"http.404", []byte("s3cr3t"), 5}, "min_wait": map[string]any{"s3cr3t": 1}, "never_retry": map[string]any{"s3cr3t": 1},
		},
	}, nil))
	assert.Equal(t, []string{
		`code: pool.max_pending: must be a whole number, without quotes, not a value of the Go type *int`,
		`code: pool.workers: must be a whole number, without quotes, not a value of the Go type chan int`,
		`code: restart: must be a block of keys and values, not a value of the Go type struct { Secret string }`,
		`code: retry_policy.min_wait: must be a number of seconds, or text such as "1.5s", not a block`,
		`code: retry_policy.never_retry: must be a list of names, not a block`,
		`code: retry_policy.retry_on[1]: must be text, the name of an error condition`,
		`code: retry_policy.retry_on[2] = 5: must be text, the name of an error condition`,
		`code: targets.1: two keys are written in different ways and read the same; keep one`,
	}, lines(t, err))
}

// If this fails, a provider takes the program down with it, or hangs it.
func TestAProviderMayDoAnything(t *testing.T) {
	for want, p := range map[string]koanf.Provider{
		"p: the koanf.Provider is nil":         nil,
		"p: can't be read: no route to Consul": asked(func() (map[string]any, error) { return nil, errors.New("no route to Consul") }),
		`p: can't be read: Get "https://***@vault:8200/v1": refused; https://x/y is fine`: asked(func() (map[string]any, error) {
			return nil, errors.New(`Get "https://u:s3/cr@3t@vault:8200/v1": refused; https://x/y is fine`)
		}),
		"p: the koanf.Provider panicked with a value of the type string":                          asked(func() (map[string]any, error) { panic("s3cr3t") }),
		"p: the koanf.Provider ended its goroutine (runtime.Goexit)":                              asked(func() (map[string]any, error) { runtime.Goexit(); return nil, nil }),
		"p: the koanf.Provider panicked with runtime error: index out of range [3] with length 0": asked(func() (map[string]any, error) { return []map[string]any{}[len(os.Args[:0])+3], nil }),
		"p: the koanf.Provider panicked with runtime error: integer divide by zero":               asked(func() (map[string]any, error) { n := 0; return nil, fmt.Errorf("%d", 1/n) }),
	} {
		for _, parser := range []koanf.Parser{nil, json.Parser()} {
			_, err := Load(Provider("p", p, parser))
			assert.Equal(t, []string{want}, lines(t, err))
		}
	}
}

// told is what a watcher tells, and when.
type told struct {
	after    time.Duration
	attempts int
	err      string
}

// watchProvider watches a provider in virtual time, and lets it act after each
// of the pauses. It returns what was told.
func watchProvider(t *testing.T, answer asked, acts ...func()) []told {
	t.Helper()
	var all []told
	var mu sync.Mutex
	p := asked(func() (map[string]any, error) {
		mu.Lock()
		defer mu.Unlock()
		return answer()
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		w := Watcher{Sources: []Source{Provider("p", p, nil), Env("HOLDFAST_")}, Changed: func(set *policies.Set, err error) {
			one := told{after: time.Since(began)}
			if err != nil {
				one.err = lines(t, err)[0]
			} else {
				one.attempts = set.Defaults(policies.API).Retry.MaxAttempts
			}
			all = append(all, one)
		}}
		ended := make(chan error)
		go func() { ended <- w.Run(ctx) }()
		time.Sleep(25 * time.Second)
		for _, act := range acts {
			mu.Lock()
			act()
			mu.Unlock()
			time.Sleep(25 * time.Second)
		}
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
	})
	return all
}

// If this fails, a change in Consul is never seen, or is told again and again.
func TestWatcherAsksProvidersAgain(t *testing.T) {
	n, fails := 1, error(nil)
	asks := 0
	p := asked(func() (map[string]any, error) {
		asks++
		if fails != nil {
			return nil, fmt.Errorf("%w from port %d", fails, asks) // another one each time
		}
		return map[string]any{"retry_policy": map[string]any{"max_attempts": n}, "pointer": &struct{ n int }{3}, "chan": make(chan int)}, nil
	})
	got := watchProvider(t, p,
		func() { n = 2 },
		func() { fails = errors.New("down") },
		func() { fails = nil },
		func() { n = 3 },
	)
	require.Len(t, got, 5)
	assert.Equal(t, []told{
		{0, 1, ""},
		{30*time.Second + 100*time.Millisecond, 2, ""},
		{51*time.Second + 100*time.Millisecond, 0, got[2].err},
		{81*time.Second + 200*time.Millisecond, 2, ""},
		{101*time.Second + 300*time.Millisecond, 3, ""},
	}, got)
	assert.Contains(t, got[2].err, "p: can't be read: down from port")
	assert.Less(t, asks, 40, "it is left in peace")
}

// If this fails, a provider that panics once ends the program, or the watching.
func TestWatcherSurvivesProvidersThatPanic(t *testing.T) {
	act := func() {}
	p := asked(func() (map[string]any, error) {
		act()
		return map[string]any{"retry_policy": map[string]any{"max_attempts": 6}}, nil
	})
	got := watchProvider(t, p,
		func() { act = func() { panic("s3cr3t") } },
		func() { act = func() {} },
		func() { act = runtime.Goexit },
	)
	require.Len(t, got, 4)
	assert.Equal(t, 6, got[0].attempts)
	assert.Equal(t, "p: the koanf.Provider panicked with a value of the type string", got[1].err)
	assert.Equal(t, 6, got[2].attempts)
	assert.Equal(t, "p: the koanf.Provider ended its goroutine (runtime.Goexit)", got[3].err)
}

// If this fails, a program believes that it follows what can't change.
func TestWatcherRefusesWhatCannotChange(t *testing.T) {
	code := []Source{Env("HOLDFAST_"), BinduEnv(), Flags(nil), Bytes("a", JSON, nil), Target("x", policies.API), Policy("x", policies.Default(policies.API)), {}}
	w := Watcher{Sources: code, Changed: func(*policies.Set, error) { t.Error("nothing is to be told") }}
	assert.ErrorIs(t, w.Run(t.Context()), ErrNothingToWatch)
	for _, s := range code {
		assert.False(t, s.CanChange())
	}
	assert.True(t, File("a.json").CanChange())
	assert.True(t, Provider("p", nil, nil).CanChange())
}

// If this fails, values that say the same look different at each poll, or a
// change is not seen.
func TestDigestOfValues(t *testing.T) {
	of := func(v any) digest {
		return digestOf([]content{{values: map[string]any{"x": v}, provided: true}})
	}
	n, m := 1, 1
	self := map[string]any{}
	self["self"] = self
	for _, same := range [][2]any{
		{&n, &m}, {map[string]any{"a": 1, "b": 2}, map[string]any{"b": 2, "a": 1}}, {make(chan int), make(chan int)}, {nil, nil}, {self, self},
		{struct{ a int }{1}, struct{ a int }{1}}, {[]any{1, "2"}, []any{1, "2"}},
	} {
		assert.Equal(t, of(same[0]), of(same[1]))
	}
	for _, different := range [][2]any{
		{1, 2}, {1, "1"}, {1, 1.0}, {[]string{"a", "b"}, []string{"ab"}}, {map[string]any{"a": 1}, map[string]any{"a": 2}}, {true, false}, {nil, map[string]any{}},
		{"", nil}, {time.Second, int64(time.Second)},
	} {
		assert.NotEqual(t, of(different[0]), of(different[1]))
	}
}
