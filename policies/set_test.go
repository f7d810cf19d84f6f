package policies

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newSet(t *testing.T, targets map[string]Policy) *Set {
	t.Helper()
	s, err := NewSet(targets)
	require.NoError(t, err)
	return s
}

func target(t *testing.T, s *Set, name string) Policy {
	t.Helper()
	p, err := s.Target(name)
	require.NoError(t, err)
	return p
}

// If this fails, operations without a target of their own have no policy.
func TestOperationTypesAreAlwaysTargets(t *testing.T) {
	s := newSet(t, nil)
	assert.Equal(t, []string{"api", "scheduler", "storage", "worker"}, s.Names())
	assert.Equal(t, 4, s.Len())
	assert.True(t, s.Has("api"))
	assert.False(t, s.Has("browser"))
	for _, of := range OperationTypes() {
		assert.Equal(t, Default(of), target(t, s, string(of)))
		assert.Equal(t, Default(of), s.Defaults(of))
	}
	assert.Equal(t, Default("browser"), s.Defaults("browser"))

	api := Default(API)
	api.Retry.MaxAttempts = 9
	s = newSet(t, map[string]Policy{"api": api})
	assert.Equal(t, 4, s.Len())
	assert.Equal(t, api, s.Defaults(API))
}

// If this fails, one part of a program changes the policies of another.
func TestSetCannotBeChanged(t *testing.T) {
	given := map[string]Policy{"a": Default(API)}
	p := given["a"]
	p.Retry.CustomExceptions = []string{"http.503"}
	given["a"] = p
	s := newSet(t, given)
	with, err := s.With("b", p)
	require.NoError(t, err)

	p.Retry.CustomExceptions[0] = "changed"
	delete(given, "a")
	target(t, s, "a").Retry.CustomExceptions[0] = "changed"
	target(t, with, "b").Retry.CustomExceptions[0] = "changed"
	s.Names()[0] = "changed"

	assert.Equal(t, []string{"http.503"}, target(t, s, "a").Retry.CustomExceptions)
	assert.Equal(t, []string{"http.503"}, target(t, with, "b").Retry.CustomExceptions)
	assert.Equal(t, []string{"a", "api", "scheduler", "storage", "worker"}, s.Names())
	assert.Equal(t, []string{"a", "api", "b", "scheduler", "storage", "worker"}, with.Names())
}

func TestWithReplacesOrRefuses(t *testing.T) {
	s := newSet(t, map[string]Policy{"a": Default(API)})
	with, err := s.With("a", Default(Worker))
	require.NoError(t, err)
	assert.Equal(t, Worker, target(t, with, "a").Type)
	assert.Equal(t, API, target(t, s, "a").Type)
	assert.Equal(t, s.Names(), with.Names())

	none, err := s.With("a/b", Policy{})
	assert.Nil(t, none)
	assert.ErrorIs(t, err, ErrInvalid)
	assert.ErrorContains(t, err, `targets["a/b"]: a target's name must not contain "/"`)
}

// If this fails, users find their mistakes one at a time.
func TestNewSetReportsEveryTarget(t *testing.T) {
	bad := Default(API)
	bad.Pool.Workers, bad.Retry.MinWait = 0, bad.Retry.MaxWait+1
	s, err := NewSet(map[string]Policy{"b.c": bad, "a": bad, " ": Default(API), "storage": Default(API)})
	assert.Nil(t, s)
	var all Errors
	require.ErrorAs(t, err, &all)
	assert.Equal(t, `6 bad settings:
  targets[" "]: a target's name must not begin or end with a space
  targets.a.pool.workers = 0: must be from 1 to 1000000
  targets.a.retry_policy.max_wait = 15s: must be at least min_wait, which is 15.000000001s
  targets["b.c"].pool.workers = 0: must be from 1 to 1000000
  targets["b.c"].retry_policy.max_wait = 15s: must be at least min_wait, which is 15.000000001s
  targets.storage.type = "api": must be storage: the target named after an operation type holds that type's policy`, all.Error())
	assert.Equal(t, "targets.a.retry_policy.min_wait", all[2].Related)
}

// If this fails, a misspelt target sends the user searching.
func TestUnknownTargetSaysWhichIsMeant(t *testing.T) {
	s := newSet(t, map[string]Policy{"weather_api": Default(API)})
	const declare = "declare it under targets in the configuration, or add it to the set in code"
	for name, want := range map[string]string{
		"wether_api":             `unknown target "wether_api": did you mean "weather_api"? If not, ` + declare,
		"payments":               `unknown target "payments": ` + declare,
		"":                       `unknown target: the name is empty; pass the name of a declared target`,
		strings.Repeat("x", 200): `unknown target "` + strings.Repeat("x", 64) + `…" (200 bytes): ` + declare,
	} {
		p, err := s.Target(name)
		assert.EqualError(t, err, want)
		assert.ErrorIs(t, err, ErrUnknownTarget)
		assert.NotErrorIs(t, err, ErrInvalid)
		var unknown *UnknownTargetError
		require.ErrorAs(t, err, &unknown)
		assert.Equal(t, name, unknown.Name)
		assert.Equal(t, Policy{}, p)
	}
}

// A name becomes part of an actor's address and of log lines.
func TestTargetNames(t *testing.T) {
	for _, good := range []string{"a", "gpt-4.1", "weather api", "Zürich", "日本", strings.Repeat("x", 128), "a:b@c"} {
		assert.NoError(t, ValidateTargetName(good), good)
	}
	for bad, want := range map[string]string{
		"":                       `targets[""]: a target needs a name of 1 to 128 bytes`,
		strings.Repeat("x", 129): `targets["` + strings.Repeat("x", 64) + `…" (129 bytes)]: a target's name has at most 128 bytes, this one 129`,
		"\xff":                   `targets["\xff"]: a target's name must be valid UTF-8`,
		"a/b":                    `targets["a/b"]: a target's name must not contain "/"`,
		"a\x00b":                 `targets["a\x00b"]: a target's name must not contain control characters`,
		"a\u0085b":               `targets["a\u0085b"]: a target's name must not contain control characters`,
		"a\u200bb":               `targets["a\u200bb"]: a target's name must not contain characters that can't be seen, such as U+200B`,
		"\u202e":                 `targets["\u202e"]: a target's name must not contain characters that can't be seen, such as U+202E`,
		"a\U000e0041":            `targets["a\U000e0041"]: a target's name must not contain characters that can't be seen, such as U+E0041`,
		" a":                     `targets[" a"]: a target's name must not begin or end with a space`,
		"a\u00a0":                `targets["a\u00a0"]: a target's name must not begin or end with a space`,
	} {
		assert.EqualError(t, ValidateTargetName(bad), want)
	}
}

// If this fails, every call pays for its policy.
func TestTargetLookupDoesNotAllocate(t *testing.T) {
	s := newSet(t, map[string]Policy{"a": Default(API)})
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = s.Target("a") }))
}

func BenchmarkTarget(b *testing.B) {
	s, err := NewSet(map[string]Policy{"weather_api": Default(API)})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = s.Target("weather_api")
	}
}
